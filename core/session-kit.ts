/** Small building blocks that sessions of every dialect use. */

import type { Effect, Effects } from './dialect.ts';
import { ERRORS, type ErrorCode, errorText, type GatewayError, type Locale } from './errors.ts';

/** No effects; shared, so that nothing is allocated for a frame that asks for nothing. */
export const NOTHING: readonly never[] = Object.freeze([]);

export const send = <Frame>(frame: Frame): Effect<Frame, never> => ({ kind: 'send', frame });

export const route = <Out>(ref: number, value: Out): Effect<never, Out> => ({ kind: 'route', ref, value });

export const lost = (type: string, ...fields: readonly string[]): Effect<never, never> => ({
  kind: 'lost',
  type,
  fields: fields.length === 0 ? WHOLE : fields,
});
const WHOLE: readonly string[] = Object.freeze(['*']);

export const READY: Effect<never, never> = Object.freeze({ kind: 'ready' });

/**
 * What a session remembers of each routed command until it is settled: refs count up from 1. Bounded, because
 * core bounds the commands in flight of a connection.
 */
export class Pending<Context> {
  #next = 1;
  /** The only one, mostly; 0: there is none here. The map is for what waits beside it. */
  #ref = 0;
  #context: Context | undefined;
  #others: Map<number, Context> | undefined;

  add(context: Context): number {
    const ref = this.#next++;
    if (this.#ref === 0) {
      this.#ref = ref;
      this.#context = context;
    } else {
      this.#others ??= new Map();
      this.#others.set(ref, context);
    }
    return ref;
  }

  /** Gives the context back and forgets it; undefined if the ref is not known. */
  take(ref: number): Context | undefined {
    if (ref === this.#ref) {
      const context = this.#context;
      this.#ref = 0;
      this.#context = undefined;
      return context;
    }
    const context = this.#others?.get(ref);
    this.#others?.delete(ref);
    return context;
  }

  get size(): number {
    return (this.#ref === 0 ? 0 : 1) + (this.#others?.size ?? 0);
  }
}

/** What the client is told about an error: the table's text in its locale, and the detail if there is one. */
export function explain(error: GatewayError, locale: Locale): string {
  const text = errorText(error.code, locale);
  return error.detail === undefined ? text : `${text}: ${error.detail}`;
}

/** Close effect for an error that ends the connection, or nothing. */
export function closeIfFatal(error: GatewayError, locale: Locale): Effects<never, never> {
  if (error.fatal === undefined) return NOTHING;
  return [{ kind: 'close', reason: error.fatal, text: explain(error, locale) }];
}

/** All error codes, for dialects that number them. */
export const ERROR_CODES = Object.freeze(Object.keys(ERRORS) as ErrorCode[]);
