/** What the database's answers mean to those who asked. */
import type { Message } from '../../schemas/model.ts';
import type { MessageDraft, QueueEntry, StoreResult } from './port.ts';
import type { QueueRow, RawResult, StoredBody } from './sqlite-protocol.ts';

export const messageOf = (json: string): Message => {
  const body = JSON.parse(json) as StoredBody;
  if (body.said === undefined) return Object.freeze(body);
  const { said: _said, ...message } = body;
  return Object.freeze(message);
};

/** A draft that has become a message. */
export const storedAs = (draft: MessageDraft, sequence: number): StoreResult => ({
  kind: 'append',
  message: Object.freeze({ ...draft, sequence }),
  duplicate: false,
});

/** `draft`: what was to be appended, if it was that. */
export function storeResult(raw: RawResult, draft: MessageDraft | undefined): StoreResult {
  switch (raw.kind) {
    case 'append':
      if (raw.earlier !== undefined)
        return { kind: 'append', message: messageOf(raw.earlier), duplicate: true };
      if (draft === undefined) throw new TypeError('the answer does not fit the operation');
      return storedAs(draft, raw.sequence);
    case 'revoke':
      return { kind: 'revoke', message: messageOf(raw.message) };
    case 'enqueue':
      return { kind: 'enqueue' };
    default:
      raw satisfies never;
      throw new TypeError('unknown answer');
  }
}

export function queueEntry(row: QueueRow): QueueEntry {
  const entry = JSON.parse(row.entry) as QueueEntry;
  return row.bytes === null ? entry : { ...entry, body: row.bytes };
}
