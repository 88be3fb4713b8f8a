/** Shorthand for vectors about deliveries that wait for ACK. */
import type { Effect } from '../../../core/dialect.ts';
import type { DeliveryReference } from '../../../schemas/model.ts';
import { arrives, INBOX } from './chat-kit.ts';
import { frame, login, routed, type Step, subscribed, user } from './kit.ts';

export const JSON_TYPE = 'content-type:application/json';

export const message = (content: string, sequence: number) =>
  arrives({ id: `m${sequence}`, content, sequence, from: user('bob') });

export const reference = (sequence: number): DeliveryReference => ({
  kind: 'message',
  message: `m${sequence}`,
  conversation: 'direct:["alice","bob"]',
  sequence,
});

const body = (content: string, sequence: number): string =>
  `{"id":"m${sequence}","fromId":"bob","toId":"alice","chatType":"SINGLE","msgType":"TEXT","content":"${content}","status":"SENT","createdAt":1715000000000}`;

/** A MESSAGE that the client will acknowledge. */
export function awaiting(sequence: number, headers: readonly string[]): Effect<unknown, unknown> {
  return {
    kind: 'send',
    frame: frame('MESSAGE', [...headers, JSON_TYPE], body('hi', sequence)),
    confirm: 'dialect',
  };
}

/** Two messages on an inbox subscription in an ack mode of 1.2, numbered 1 and 2. */
export const twoDelivered = (ack: string): readonly Step[] => [
  ...login(),
  ...subscribed(2, 's', INBOX, { ack }),
  ...[1, 2].map(
    (n): Step => [
      { deliver: message('hi', n) },
      [awaiting(n, ['subscription:s', `message-id:m${n}@${n}`, `destination:${INBOX}`, `ack:${n}`])],
    ],
  ),
];

export const settles = (ref: number, deliveries: readonly DeliveryReference[], accepted = true) =>
  routed(ref, { type: 'settle_delivery', deliveries, accepted });
