/** What the doctor is asked to do. */
import type { Config } from '../../schemas/config.ts';
import type { AnyDialect } from '../dialect.ts';

export interface DoctorRequest {
  readonly config: Config;
  readonly dialects: readonly AnyDialect[];
  /** Where the gateway is: http, https, ws or wss. By default where the configuration listens. */
  readonly url?: string | undefined;
  /** Only the endpoint of this path. */
  readonly endpoint?: string | undefined;
  readonly user?: string | undefined;
  readonly token?: string | undefined;
  readonly login?: string | undefined;
  readonly passcode?: string | undefined;
  /** Who receives. */
  readonly peerUser?: string | undefined;
  readonly peerToken?: string | undefined;
  /** Messages go there instead of to the peer. */
  readonly group?: string | undefined;
  /** Of each wait, ms. */
  readonly timeoutMs: number;
}
