/** A message on its way to the thread of the database. */
import { conversationKey } from '../../schemas/conversation.ts';
import type { AppendOperation, MessageDraft, StoreOperation } from './port.ts';
import { contentBytes, recipientOf } from './rules.ts';

/**
 * The values of its columns, and the whole of it as JSON without its sequence. Flat, because what crosses between
 * threads is copied with the names of all its fields; made here, because the thread of the database has more to do.
 */
export type AppendRow = readonly [
  id: string,
  namespace: string,
  author: string,
  recipient: string | null,
  clientId: string | null,
  /** As `conversationKey` gives it. */
  conversation: string,
  /** Epoch ms. */
  at: number,
  /** Of the content, UTF-8. */
  bytes: number,
  body: string,
];

/** What `body` holds. `said`: fingerprint of what the client said, where the message is not that. */
export type DraftBody = MessageDraft & { readonly said?: string };

/** A step of a commit as it crosses. */
export type RawOperation =
  | { readonly kind: 'append'; readonly row: AppendRow }
  | Exclude<StoreOperation, AppendOperation>;

export const rawOperation = (operation: StoreOperation): RawOperation =>
  operation.kind === 'append' ? { kind: 'append', row: appendRow(operation) } : operation;

export function appendRow({ draft, said }: AppendOperation): AppendRow {
  const { id, namespace, from, to, clientId, sentAt } = draft;
  const body: DraftBody = said === undefined ? draft : { ...draft, said };
  return [
    id,
    namespace,
    from.id,
    recipientOf(draft) ?? null,
    clientId ?? null,
    conversationKey(to, from.id),
    sentAt,
    contentBytes(draft),
    JSON.stringify(body),
  ];
}

/** The body as it lies in the file. */
export const withSequence = (body: string, sequence: number): string =>
  `${body.slice(0, -1)},"sequence":${sequence}}`;
