/**
 * What a token says of itself, unverified: for endpoints where another server decides. Nothing may rest on it but
 * what that server checks again.
 */
import { decodeJwt } from 'jose';
import type { Credential } from '../../schemas/command.ts';
import { Id } from '../../schemas/model.ts';

/** The `sub` of a JSON Web Token; undefined for any other credential. */
export function subjectOf(credential: Credential): string | undefined {
  if (credential.kind !== 'token') return undefined;
  try {
    const { success, data } = Id.safeParse(decodeJwt(credential.token).sub);
    return success ? data : undefined;
  } catch {
    return undefined;
  }
}
