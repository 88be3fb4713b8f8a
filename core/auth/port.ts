/** The port to whoever knows who somebody is. */
import type { Credential } from '../../schemas/command.ts';

/** Who the credential belongs to. `name` and `avatar` serve users whom the directory does not know. */
export interface Identity {
  readonly userId: string;
  readonly name?: string | undefined;
  readonly avatar?: string | undefined;
  /** Epoch ms; the connection is ended then. */
  readonly expiresAt?: number | undefined;
}

export interface Authenticator {
  /**
   * Undefined: this credential is not good here. Rejects with a GatewayError only if that could not be found
   * out (`upstream_unavailable`).
   */
  authenticate(credential: Credential): Promise<Identity | undefined>;
}
