/** What a server session remembers of each routed command until it is settled. */
import type { Subscription } from './subscriptions.ts';
import type { Transaction } from './transactions.ts';

/** The parts of a COMMIT after its batch: acknowledgements still to be settled, then the receipts. */
export interface Committing {
  readonly receipts: readonly string[];
  left: number;
}

export type Waiting =
  | { readonly kind: 'login'; readonly receipt: string | undefined }
  /** Nobody waits for it. */
  | { readonly kind: 'quiet' }
  /** ACK, NACK */
  | { readonly kind: 'acknowledgement'; readonly receipt: string | undefined }
  /** SEND, UNSUBSCRIBE: a receipt if one was asked for. */
  | { readonly kind: 'frame'; readonly receipt: string | undefined; readonly messageId: string | undefined }
  | { readonly kind: 'subscribe'; readonly receipt: string | undefined; readonly subscription: Subscription }
  | { readonly kind: 'batch'; readonly receipt: string | undefined; readonly transaction: Transaction }
  | { readonly kind: 'commit'; readonly committing: Committing }
  | { readonly kind: 'disconnect' };

export const QUIET: Waiting = { kind: 'quiet' };
