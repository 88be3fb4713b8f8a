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

const NO_CONTEXTS: readonly never[] = Object.freeze([]);

/**
 * What a session remembers of each routed command until it is settled: refs count up from 1. Bounded, because
 * core bounds the commands in flight of a connection.
 */
export class Pending<Context> {
  #next = 1;
  /** Those that wait, and what is remembered of each. None before the first: most connections are idle. */
  #refs: number[] | undefined;
  #contexts: Context[] = NO_CONTEXTS as never;

  add(context: Context): number {
    const ref = this.#next++;
    if (this.#refs === undefined) {
      this.#refs = [ref];
      this.#contexts = [context];
    } else {
      this.#refs.push(ref);
      this.#contexts.push(context);
    }
    return ref;
  }

  /** Gives the context back and forgets it; undefined if the ref is not known. */
  take(ref: number): Context | undefined {
    const refs = this.#refs;
    if (refs === undefined) return undefined;
    const at = refs.indexOf(ref);
    if (at < 0) return undefined;
    const context = this.#contexts[at];
    // The newest takes its place: the few that wait are searched, whatever their order.
    const newest = refs.pop() as number;
    const newestContext = this.#contexts.pop() as Context;
    if (newest !== ref) {
      refs[at] = newest;
      this.#contexts[at] = newestContext;
    }
    return context;
  }

  get size(): number {
    return this.#refs?.length ?? 0;
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
