/** Small frames of the server face, as effects. */
import type { Effect } from '../../core/dialect.ts';
import { lost, NOTHING } from '../../core/session-kit.ts';
import type { EventOf } from '../../schemas/event.ts';
import type { StompFrame } from './wire.ts';

type Said = Effect<StompFrame, never>;

export const receiptFrame = (receipt: string): Said => ({
  kind: 'send',
  frame: { command: 'RECEIPT', headers: [['receipt-id', receipt]], body: '' },
});

/** RECEIPT if one was asked for. It means success only: the effect of the frame is durable. */
export const receiptFor = (receipt: string | undefined): readonly Said[] =>
  receipt === undefined ? NOTHING : [receiptFrame(receipt)];

/** `message` of the ERROR to the older connection; not an error code, because nothing has failed. */
export const REPLACED = 'session_replaced';
const REPLACED_TEXT = 'the same user has logged in elsewhere';

export const replacedClose: Said = { kind: 'close', reason: 'replaced', text: REPLACED_TEXT };

/** To the older connection of a user who logged in again. */
export const replaced: readonly Said[] = [
  {
    kind: 'send',
    frame: {
      command: 'ERROR',
      headers: [
        ['message', REPLACED],
        ['content-type', 'text/plain'],
      ],
      body: REPLACED_TEXT,
    },
  },
  replacedClose,
];

/** The gateway's goodbye: an ERROR would call it the client's fault, and the close code says all. */
export function goingAway({ reason }: EventOf<'going_away'>): readonly Said[] {
  const when = lost('going_away', 'afterMs');
  return reason === 'disconnected'
    ? [when, { kind: 'close', reason: 'normal', text: 'disconnected by the server' }]
    : [when, { kind: 'close', reason: 'shutting_down', text: 'shutting down; reconnect' }];
}
