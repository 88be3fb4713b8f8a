/** What a connection has in life and not on a desk: people, a group, an endpoint, a clock, ids. All of it fixed. */

import type { Credential } from '../../schemas/command.ts';
import type { Group, User } from '../../schemas/model.ts';
import type { AnyDialect, ConnectionContext, EndpointContext, WireIdentity } from '../dialect.ts';

export const NAMESPACE = 'main';

/** Now, in epoch ms, by every stand-in clock: later than anything in the samples. */
export const NOW = 1_765_679_460_000;

export const TOKEN = 'token-of-a-stand-in';

/** A user of whom nothing but the id is known. */
export const bareUser = (id: string): User => ({ namespace: NAMESPACE, id, name: id });

/** An open group of which nothing but the id is known. */
export const bareGroup = (id: string): Group => ({
  namespace: NAMESPACE,
  id,
  name: id,
  description: '',
  createdAt: 0,
  open: true,
});

/** First integer handed to a user whose id is none; smaller ones stand for the users that they name. */
const FIRST_INTEGER = 900_001;

/** Ids as they are. */
const AS_THEY_ARE: WireIdentity = { toWire: (id) => id, toCanonical: (id) => id };

/**
 * Integers for users: a whole number is its own, any other id gets the next free one, in the order of asking.
 * `noteStandIn` hears of each that was handed out.
 */
export function integerIdentity(
  noteStandIn: (userId: string, integer: string) => void = () => {},
): WireIdentity {
  const integers = new Map<string, string>();
  const users = new Map<string, string>();
  return {
    toWire(id) {
      if (/^(0|[1-9]\d{0,14})$/.test(id) && !users.has(id)) return id;
      const known = integers.get(id);
      if (known !== undefined) return known;
      const integer = String(FIRST_INTEGER + integers.size);
      integers.set(id, integer);
      users.set(integer, id);
      noteStandIn(id, integer);
      return integer;
    },
    toCanonical: (wire) => users.get(wire) ?? wire,
  };
}

/** The way users are named on the wire by the dialect's default. */
export const identityOf = (
  dialect: AnyDialect,
  noteStandIn?: (userId: string, integer: string) => void,
): WireIdentity => (dialect.defaults.identity === 'integer' ? integerIdentity(noteStandIn) : AS_THEY_ARE);

/** An endpoint by the dialect's defaults; `options` as written in a configuration. */
export function endpointOf(
  dialect: AnyDialect,
  {
    options = {},
    authentication,
  }: { readonly options?: unknown; readonly authentication: 'required' | 'none' },
): EndpointContext<unknown> {
  return {
    path: '/',
    namespace: NAMESPACE,
    authentication,
    options: dialect.options.parse(options),
    locale: dialect.defaults.locale,
    limits: { frame: 1_048_576, content: 10_000 },
    heartbeat: { silenceMs: dialect.defaults.silenceMs },
  };
}

export interface ConnectionParts {
  readonly id: string;
  readonly credentials: readonly Credential[];
  readonly identity: WireIdentity;
  readonly subprotocol: string | undefined;
  readonly newId: () => string;
}

export const connectionOf = (parts: ConnectionParts): ConnectionContext => ({ ...parts, now: () => NOW });

/** Counted ids in the form of UUIDs. */
export function countedIds(): () => string {
  let count = 0;
  return () => `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`;
}
