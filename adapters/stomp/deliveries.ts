/** Deliveries that wait for ACK or NACK [STOMP 1.2, ACK; 1.1, ACK; 1.0, ACK]. */
import { GatewayError } from '../../core/errors.ts';
import type { DeliveryReference } from '../../schemas/model.ts';
import type { Subscription } from './subscriptions.ts';
import type { VersionRules } from './version.ts';
import { decimal, headerOf, requiredHeader, type StompFrame } from './wire.ts';

/**
 * Numbers each delivery to a subscription with an ack mode. The number is the `ack` header of 1.2, and the end
 * of `message-id` for the versions that acknowledge by that.
 */
export class Deliveries {
  #next = 1;
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Notes a delivery.
   *
   * @throws GatewayError slow_consumer, fatal, if too many wait already
   */
  add(
    subscription: Subscription,
    base: string,
    reference: DeliveryReference | undefined,
  ): { readonly number: number; readonly messageId: string } {
    if (this.#subscriptions.size >= this.#limit)
      throw new GatewayError('slow_consumer', { detail: `${this.#limit} deliveries wait for ACK` });
    const number = this.#next++;
    const messageId = `${base}@${number}`;
    subscription.unacked.set(number, { messageId, reference });
    this.#subscriptions.set(number, subscription);
    return { number, messageId };
  }

  /**
   * The delivery that an ACK or NACK names; undefined for one that has been settled before, as happens to
   * clients that work on several messages of a cumulative subscription at a time.
   *
   * @throws GatewayError field_missing (fatal), or message_unknown for one that never was
   */
  find(frame: StompFrame, rules: VersionRules): number | undefined {
    const name = requiredHeader(frame, rules.ackHeader ? 'id' : 'message-id');
    const subscriptionId = rules.ackHeader
      ? undefined
      : rules.requiresSubscriptionId
        ? requiredHeader(frame, 'subscription')
        : headerOf(frame, 'subscription');
    const number = decimal(rules.ackHeader ? name : name.slice(name.lastIndexOf('@') + 1));
    const subscription = number === undefined ? undefined : this.#subscriptions.get(number);
    if (number !== undefined && subscription === undefined && number > 0 && number < this.#next)
      return undefined;
    if (
      number === undefined ||
      subscription === undefined ||
      (!rules.ackHeader && subscription.unacked.get(number)?.messageId !== name) ||
      (subscriptionId !== undefined && subscription.id !== subscriptionId)
    )
      throw unknownDelivery(frame.command);
    return number;
  }

  /**
   * Ends the wait for a delivery and, in mode `client`, for all before it on its subscription. Adds what is to
   * be settled to `references`.
   */
  take(number: number, references: DeliveryReference[]): void {
    const subscription = this.#subscriptions.get(number);
    if (subscription === undefined) return;
    if (subscription.ack !== 'client') {
      this.#end(subscription, number, references);
      return;
    }
    for (const earlier of subscription.unacked.keys()) {
      if (earlier > number) break;
      this.#end(subscription, earlier, references);
    }
  }

  #end(subscription: Subscription, number: number, references: DeliveryReference[]): void {
    const reference = subscription.unacked.get(number)?.reference;
    if (reference !== undefined) references.push(reference);
    subscription.unacked.delete(number);
    this.#subscriptions.delete(number);
  }
}

/** An ACK or NACK of nothing that waits. */
export const unknownDelivery = (command: string): GatewayError =>
  new GatewayError('message_unknown', {
    detail: `no delivery of this connection waits for this ${command}`,
  });
