/** Commands that a STOMP server has still to answer, by the receipt that was asked for. */
import type { Effect } from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import { NOTHING } from '../../core/session-kit.ts';
import type { Result } from '../../schemas/outcome.ts';
import { failed, settled } from './client-answers.ts';
import type { StompFrame } from './wire.ts';

type Settlements = readonly Effect<StompFrame, never>[];

/** How a command is answered. */
export interface Expected {
  readonly ref: number;
  readonly result: Result;
  /** Under which the errors queue may refuse it. */
  readonly messageId?: string;
}

interface Waiting extends Expected {
  /** Inbox messages before it: a sync counts those that come until its answer. */
  readonly inboxCount: number;
}

/** Bounded, because core bounds the commands in flight. */
export class Unanswered {
  readonly #byReceipt = new Map<string, Waiting>();
  #next = 1;

  /** A name that no receipt and no transaction of this connection has. */
  nextName(): string {
    return String(this.#next);
  }

  /** The receipt to ask for. */
  add(expected: Expected, inboxCount: number): string {
    const receipt = `r-${this.#next++}`;
    this.#byReceipt.set(receipt, { ...expected, inboxCount });
    return receipt;
  }

  /** A RECEIPT has come. */
  answer(receipt: string, inboxCount: number): Settlements {
    const waiting = this.#byReceipt.get(receipt);
    if (waiting === undefined) return NOTHING;
    this.#byReceipt.delete(receipt);
    const { ref, result } = waiting;
    if (result.type !== 'synced') return [settled(ref, result)];
    return [settled(ref, { type: 'synced', count: inboxCount - waiting.inboxCount })];
  }

  /** The errors queue refuses a message; nothing if none of this id is awaited. */
  refuse(messageId: string | undefined, error: GatewayError): Settlements {
    if (messageId === undefined) return NOTHING;
    for (const [receipt, waiting] of this.#byReceipt) {
      if (waiting.messageId !== messageId) continue;
      this.#byReceipt.delete(receipt);
      return [failed(waiting.ref, error)];
    }
    return NOTHING;
  }

  /** The connection ends: one command failed by this error, and nobody will answer the others. */
  end(error: GatewayError, receipt: string | undefined): Settlements {
    const settlements = Array.from(this.#byReceipt, ([name, { ref }]) =>
      failed(ref, name === receipt ? error : new GatewayError('upstream_unavailable')),
    );
    this.#byReceipt.clear();
    return settlements;
  }
}
