/** The port to whoever knows who somebody is. */
import type { Credential } from '../../schemas/command.ts';
import type { Caller } from '../outbound/caller.ts';

/** Longest token or passcode that any authenticator looks at, in characters. */
export const MAX_TOKEN_LENGTH = 8192;

/** Who the credential belongs to. `name` and `avatar` serve users whom the directory does not know. */
export interface Identity {
  readonly userId: string;
  readonly name?: string | undefined;
  readonly avatar?: string | undefined;
  /** Epoch ms; the connection is ended then. */
  readonly expiresAt?: number | undefined;
  /**
   * Epoch ms of the token's issue, so that tokens before some time can be revoked; 0 for a token that should
   * say and does not. Left out where whoever answers knows of revocations anyway.
   */
  readonly issuedAt?: number | undefined;
}

/** Where a credential was shown. */
export interface LoginContext {
  /** The endpoint's path. */
  readonly endpoint: string;
  /** The client's address, as trusted proxies give it. */
  readonly address: string;
  /** Those cookies of the upgrade that the endpoint's `credentials.cookie` names. */
  readonly cookies: Readonly<Record<string, string>>;
}

export interface Authenticator {
  /**
   * Undefined: this credential is not good here. Rejects with a GatewayError only if that could not be found
   * out (`upstream_unavailable`): the login then fails too.
   */
  authenticate(credential: Credential, context: LoginContext): Promise<Identity | undefined>;
  /** Who was let in is asked for again, ms; a connection outlives unanswered questions by `graceMs`. */
  readonly recheck?: { readonly everyMs: number; readonly graceMs: number } | undefined;
  /** By whom it asks a backend; undefined: nobody is asked, or no socket is kept for it. */
  readonly caller?: Caller | undefined;
}

/** The token that a credential carries, if it carries one of a sensible length. */
export function tokenOf(credential: Credential): string | undefined {
  switch (credential.kind) {
    case 'token':
      return sensible(credential.token);
    case 'password':
      return sensible(credential.passcode);
    case 'claim':
    case 'anonymous':
      return undefined;
    default:
      return credential satisfies never;
  }
}

const sensible = (token: string): string | undefined =>
  token === '' || token.length > MAX_TOKEN_LENGTH ? undefined : token;
