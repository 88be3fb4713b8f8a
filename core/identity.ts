/** User ids on an endpoint's wire: as they are, with a prefix cut, or as integers. */
import { MAX_ID_LENGTH } from '../schemas/model.ts';
import type { WireIdentity } from './dialect.ts';
import type { IdentityMap } from './store/port.ts';

const AS_IT_IS: WireIdentity = {
  toWire: (id) => id,
  toCanonical: (id) => (id.length > 0 && id.length <= MAX_ID_LENGTH ? id : undefined),
};

/** A user whose id lacks the prefix is shown with this before it, so that no two users share a wire id. */
const FOREIGN = '=';

function withPrefix(prefix: string): WireIdentity {
  return {
    toWire: (id) => {
      if (!id.startsWith(prefix)) return FOREIGN + id;
      const wire = id.slice(prefix.length);
      return wire === '' || wire.startsWith(FOREIGN) ? FOREIGN + id : wire;
    },
    toCanonical: (wire) => {
      const id = wire.startsWith(FOREIGN) ? wire.slice(FOREIGN.length) : prefix + wire;
      return wire.length > 0 && id.length > 0 && id.length <= MAX_ID_LENGTH ? id : undefined;
    },
  };
}

/** What is read of the map. */
type Numbered = Pick<IdentityMap, 'integerOf' | 'userOf'>;

function byInteger(namespace: string, identities: Numbered): WireIdentity {
  return {
    toWire: (id) => identities.integerOf(namespace, id)?.toString(),
    toCanonical: (wire) => {
      const integer = Number(wire);
      return Number.isSafeInteger(integer) ? identities.userOf(namespace, integer) : undefined;
    },
  };
}

/** The mapping that an endpoint's `identity` names. */
export function wireIdentity(
  scheme: 'string' | 'integer' | { readonly prefix: string },
  namespace: string,
  identities: Numbered,
): WireIdentity {
  if (scheme === 'string') return AS_IT_IS;
  return scheme === 'integer' ? byInteger(namespace, identities) : withPrefix(scheme.prefix);
}

/**
 * The same for a server behind: a number of its that nobody has here is a user of that name, so that who is heard of
 * can be answered.
 */
export function upstreamIdentity(
  ...[scheme, namespace, identities]: Parameters<typeof wireIdentity>
): WireIdentity {
  const identity = wireIdentity(scheme, namespace, identities);
  if (scheme !== 'integer') return identity;
  const isFree = (id: string): boolean => DECIMAL.test(id) && identity.toCanonical(id) === undefined;
  return {
    toWire: (id) => identity.toWire(id) ?? (isFree(id) ? id : undefined),
    toCanonical: (wire) =>
      identity.toCanonical(wire) ??
      (DECIMAL.test(wire) && identity.toWire(wire) === undefined ? wire : undefined),
  };
}

const DECIMAL = /^[1-9][0-9]{0,14}$/;

/** The number that an id is, if it is one: whoever is called so has it, unless it is somebody else's. */
export const ownInteger = (id: string): number | undefined => (DECIMAL.test(id) ? Number(id) : undefined);
