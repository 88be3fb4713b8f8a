/**
 * Test vectors that a dialect ships beside its code (`adapters/<dialect>/vectors.ts`); every shared suite
 * runs them. Types only.
 */
import type { ConnectionContext, Effect, EndpointContext, Outcome, WireMessage } from './dialect.ts';
import type { ErrorCode, GatewayError } from './errors.ts';

/** Which of our faces is at work: `server` receives what clients send, `client` what servers send. */
export type FaceName = 'server' | 'client';

/** Wire messages that decode to exactly these frames. */
export interface AcceptVector {
  /** Overrides of the endpoint, as in ConversationVector. */
  readonly endpoint?: Partial<EndpointContext<unknown>>;
  readonly name: string;
  readonly face: FaceName;
  readonly wire: readonly WireMessage[];
  readonly frames: readonly unknown[];
  /** Also checked: `encode(frame)` of each frame gives these wire messages. Left out where a form is only read. */
  readonly encodes?: readonly WireMessage[];
}

/** Wire messages that give `frames`, if any, and then a GatewayError with this code. */
export interface RejectVector {
  /** Overrides of the endpoint, as in ConversationVector. */
  readonly endpoint?: Partial<EndpointContext<unknown>>;
  readonly name: string;
  readonly face: FaceName;
  readonly wire: readonly WireMessage[];
  readonly frames?: readonly unknown[];
  readonly code: ErrorCode;
  /** The salvaged message id, if one is expected. */
  readonly messageId?: string;
}

/** One call on a session. `wire` is decoded by the face's codec and each frame received. */
export type Input =
  | { readonly open: true }
  | { readonly wire: WireMessage }
  | { readonly deliver: unknown; readonly ref?: number }
  | { readonly settle: number; readonly outcome: Outcome }
  | { readonly fail: GatewayError }
  | { readonly expire: string };

/** A session's whole behaviour as a table: each input and exactly the effects that it returns. */
export interface ConversationVector {
  readonly name: string;
  readonly face: FaceName;
  /** Overrides of the endpoint, e.g. `{ options: {...}, authentication: 'none' }`; options are parsed by the dialect. */
  readonly endpoint?: Partial<EndpointContext<unknown>>;
  /** Overrides of the connection, e.g. `{ credentials: [...] }`. */
  readonly connection?: Partial<ConnectionContext>;
  readonly steps: readonly (readonly [Input, readonly Effect<unknown, unknown>[]])[];
}

export interface DialectVectors {
  readonly accept: readonly AcceptVector[];
  readonly reject: readonly RejectVector[];
  readonly conversations: readonly ConversationVector[];
}
