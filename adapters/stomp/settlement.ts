/** ACK, NACK and COMMIT: what a client settles, and what it wants to take effect together. */
import type { Effect } from '../../core/dialect.ts';
import type { GatewayError } from '../../core/errors.ts';
import { lost, NOTHING, type Pending } from '../../core/session-kit.ts';
import type { Command } from '../../schemas/command.ts';
import type { DeliveryReference } from '../../schemas/model.ts';
import { type Deliveries, unknownDelivery } from './deliveries.ts';
import { receiptFor, receiptFrame } from './frames.ts';
import type { Committing, Waiting } from './pending.ts';
import type { Transaction, Transactions } from './transactions.ts';
import type { Link } from './version.ts';
import { optionalHeader, type StompFrame } from './wire.ts';

type Effects = readonly Effect<StompFrame, Command>[];

export class Settlement {
  readonly #pending: Pending<Waiting>;
  readonly #deliveries: Deliveries;
  readonly #transactions: Transactions;
  readonly #link: Link;

  constructor(
    pending: Pending<Waiting>,
    waiting: { readonly deliveries: Deliveries; readonly transactions: Transactions },
    link: Link,
  ) {
    this.#pending = pending;
    this.#deliveries = waiting.deliveries;
    this.#transactions = waiting.transactions;
    this.#link = link;
  }

  /**
   * ACK or NACK, at once or as part of a transaction.
   *
   * @throws GatewayError field_missing, protocol_violation, limit_exceeded (fatal), message_unknown
   */
  acknowledge(frame: StompFrame, receipt: string | undefined, accepted: boolean): Effects {
    const transaction = optionalHeader(frame, 'transaction');
    const delivery = this.#deliveries.find(frame, this.#link.rules);
    // RECEIPT means success; without one, what is over already needs no answer.
    if (delivery === undefined && receipt !== undefined) throw unknownDelivery(frame.command);
    if (transaction !== undefined) {
      const { acknowledgements, receipts } = this.#transactions.join(transaction, frame);
      if (delivery === undefined) return [LATE];
      acknowledgements.push({ delivery, accepted });
      if (receipt !== undefined) receipts.push(receipt);
      return NOTHING;
    }
    if (delivery === undefined) return [LATE];
    const deliveries: DeliveryReference[] = [];
    this.#deliveries.take(delivery, deliveries);
    if (deliveries.length === 0) return receiptFor(receipt);
    const waiting: Waiting = { kind: 'acknowledgement', receipt };
    return [this.#route(waiting, { type: 'settle_delivery', deliveries, accepted })];
  }

  /**
   * COMMIT: the messages as one batch, then the acknowledgements, then all receipts.
   *
   * @throws GatewayError protocol_violation, fatal, for a transaction that hasn't begun
   */
  commit(frame: StompFrame, receipt: string | undefined): Effects {
    const transaction = this.#transactions.end(frame);
    const { items, receipts } = transaction;
    if (receipt !== undefined) receipts.push(receipt);
    if (items.length === 0) return this.batchStored(transaction);
    const waiting: Waiting = { kind: 'batch', receipt: receipts.at(-1), transaction };
    return [this.#route(waiting, { type: 'send_batch', items })];
  }

  /** Acknowledgements take effect once the batch has: a failed one leaves them open. */
  batchStored({ acknowledgements, receipts }: Transaction): Effects {
    const accepted: DeliveryReference[] = [];
    const rejected: DeliveryReference[] = [];
    for (const acknowledgement of acknowledgements)
      this.#deliveries.take(acknowledgement.delivery, acknowledgement.accepted ? accepted : rejected);
    const committing: Committing = { receipts, left: 0 };
    const effects: Effect<StompFrame, Command>[] = [];
    for (const deliveries of [accepted, rejected]) {
      if (deliveries.length === 0) continue;
      committing.left++;
      const command: Command = { type: 'settle_delivery', deliveries, accepted: deliveries === accepted };
      effects.push(this.#route({ kind: 'commit', committing }, command));
    }
    return effects.length > 0 ? effects : receipts.map(receiptFrame);
  }

  /** One of a COMMIT's acknowledgements is settled; after the last one come the receipts. */
  acknowledged(committing: Committing): Effects {
    committing.left--;
    return committing.left > 0 ? NOTHING : committing.receipts.map(receiptFrame);
  }

  #route(waiting: Waiting, value: Command): Effect<StompFrame, Command> {
    return { kind: 'route', ref: this.#pending.add(waiting), value };
  }
}

/** An acknowledgement of what nobody waits for any more: counted, and no harm done. */
export const LATE = lost('settle_delivery');

/**
 * The gateway refuses an acknowledgement. One that it has forgotten (its subscription ended, say) will be
 * delivered again, which is no reason to end a connection that asked for no receipt.
 */
export const lateOr = (error: GatewayError, receipt: string | undefined): Effects | undefined =>
  error.code === 'message_unknown' && error.fatal === undefined && receipt === undefined ? [LATE] : undefined;
