/** Ids of users: strings in the canonical model, JSON integers on this wire. */
import type { WireIdentity } from '../../core/dialect.ts';

/** The integer that a user has on this endpoint; undefined if the user has none that JSON can carry exactly. */
export function wireIdOf(identity: WireIdentity, userId: string): number | undefined {
  const decimal = identity.toWire(userId);
  if (decimal === undefined) return undefined;
  const number = Number(decimal);
  return Number.isSafeInteger(number) && String(number) === decimal ? number : undefined;
}
