/** Open transactions [STOMP 1.2, BEGIN, COMMIT, ABORT]: frames wait here until COMMIT hands them on together. */
import { Buffer } from 'node:buffer';
import type { CommandOf } from '../../schemas/command.ts';
import { protocolFault, requiredHeader, type StompFrame } from './wire.ts';

export type BatchItem = CommandOf<'send_batch'>['items'][number];

export interface Transaction {
  readonly items: BatchItem[];
  readonly acknowledgements: { readonly delivery: number; readonly accepted: boolean }[];
  /** Receipts of its frames: they mean durable, so that they are answered after COMMIT. */
  readonly receipts: string[];
  frames: number;
  bytes: number;
}

export interface TransactionLimits {
  readonly transactions: number;
  readonly transactionFrames: number;
  readonly transactionBytes: number;
}

/**
 * Every fault here is fatal: with one frame refused, the others must not take effect, and a client can't be
 * told which of its transactions still stand.
 */
export class Transactions {
  readonly #open = new Map<string, Transaction>();
  readonly #limits: TransactionLimits;
  /** Held in all open ones together. */
  #bytes = 0;

  constructor(limits: TransactionLimits) {
    this.#limits = limits;
  }

  /** BEGIN. */
  begin(frame: StompFrame): void {
    const id = requiredHeader(frame, 'transaction');
    if (this.#open.has(id))
      throw protocolFault('protocol_violation', 'a transaction of this name has begun already');
    if (this.#open.size >= this.#limits.transactions)
      throw protocolFault('limit_exceeded', `at most ${this.#limits.transactions} transactions at a time`);
    this.#open.set(id, { items: [], acknowledgements: [], receipts: [], frames: 0, bytes: 0 });
  }

  /** The transaction that a SEND, ACK or NACK belongs to, with room made for the frame. */
  join(id: string, frame: StompFrame): Transaction {
    const transaction = this.#open.get(id);
    if (transaction === undefined) throw unknownTransaction();
    const { transactionFrames, transactionBytes } = this.#limits;
    const bytes = sizeOf(frame);
    if (transaction.frames >= transactionFrames)
      throw protocolFault('limit_exceeded', `at most ${transactionFrames} frames in a transaction`);
    if (this.#bytes + bytes > transactionBytes)
      throw protocolFault('limit_exceeded', `at most ${transactionBytes} bytes in open transactions`);
    transaction.frames++;
    transaction.bytes += bytes;
    this.#bytes += bytes;
    return transaction;
  }

  /** COMMIT and ABORT: the transaction is over. */
  end(frame: StompFrame): Transaction {
    const id = requiredHeader(frame, 'transaction');
    const transaction = this.#open.get(id);
    if (transaction === undefined) throw unknownTransaction();
    this.#open.delete(id);
    this.#bytes -= transaction.bytes;
    return transaction;
  }
}

const unknownTransaction = () => protocolFault('protocol_violation', 'no transaction of this name has begun');

function sizeOf(frame: StompFrame): number {
  let size = Buffer.byteLength(frame.body);
  for (const [name, value] of frame.headers) size += name.length + value.length;
  return size;
}
