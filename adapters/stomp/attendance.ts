/** SUBSCRIBE and UNSUBSCRIBE: core is told of the first subscription of a place and of the end of the last. */
import type { Effect } from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Pending } from '../../core/session-kit.ts';
import type { Command } from '../../schemas/command.ts';
import { receiptFor } from './frames.ts';
import type { SendDesk } from './inbound.ts';
import type { Waiting } from './pending.ts';
import { readSubscribe, type Subscriptions, subscriptionId, targetOf } from './subscriptions.ts';
import type { Link } from './version.ts';
import type { StompFrame } from './wire.ts';

type Effects = readonly Effect<StompFrame, Command>[];

export interface AttendanceParts {
  readonly subscriptions: Subscriptions;
  readonly pending: Pending<Waiting>;
  readonly link: Link;
  /** Subscriptions that a connection may have. */
  readonly limit: number;
}

export class Attendance {
  readonly #parts: AttendanceParts;

  constructor(parts: AttendanceParts) {
    this.#parts = parts;
  }

  /**
   * SUBSCRIBE. Deliveries may begin before it is settled, so that none is missed.
   *
   * @throws GatewayError already_subscribed, field_missing, frame_malformed (fatal); limit_exceeded, forbidden,
   *   unsupported
   */
  subscribe(frame: StompFrame, receipt: string | undefined, desk: SendDesk): Effects {
    const { subscriptions, pending, link, limit } = this.#parts;
    if (subscriptions.has(subscriptionId(frame, link.rules)))
      throw new GatewayError('already_subscribed', {
        fatal: 'protocol_error',
        detail: 'this connection has a subscription of this id',
      });
    if (subscriptions.size >= limit)
      throw new GatewayError('limit_exceeded', { detail: `at most ${limit} subscriptions` });
    const subscription = readSubscribe(frame, link.rules, (destination) =>
      desk.destinations.toSubscribe(destination, desk.user),
    );
    const target = targetOf(subscription.place, desk.user);
    const first = subscriptions.add(subscription);
    if (!first || target === undefined) return receiptFor(receipt);
    const ref = pending.add({ kind: 'subscribe', receipt, subscription });
    return [{ kind: 'route', ref, value: { type: 'subscribe', target } }];
  }

  /**
   * UNSUBSCRIBE. What waits for ACK goes on waiting.
   *
   * @throws GatewayError field_missing (fatal), not_subscribed
   */
  unsubscribe(frame: StompFrame, receipt: string | undefined, desk: SendDesk): Effects {
    const { subscriptions, pending, link } = this.#parts;
    const removed = subscriptions.remove(subscriptionId(frame, link.rules));
    if (removed === undefined)
      throw new GatewayError('not_subscribed', { detail: 'this connection has no subscription of this id' });
    const target = targetOf(removed.subscription.place, desk.user);
    if (!removed.last || target === undefined) return receiptFor(receipt);
    const ref = pending.add({ kind: 'frame', receipt, messageId: undefined });
    return [{ kind: 'route', ref, value: { type: 'unsubscribe', target } }];
  }
}
