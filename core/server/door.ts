/**
 * The door: which requests may become connections. A refusal is said in the dialect's own words where a client can
 * hear it, and before the upgrade where the origin forbids it or an address asks far too often.
 */
import type { IncomingMessage } from 'node:http';
import type { AdmissionRefusal } from '../admission.ts';
import { Connection } from '../connection.ts';
import type { Endpoint } from '../endpoint.ts';
import { GatewayError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import type { Transport } from '../transport.ts';
import { credentialsOf } from './credentials.ts';
import { isOriginAllowed } from './origin.ts';
import type { Refusal } from './sockjs/index.ts';

/** A request that would become a connection. */
export interface Applicant {
  readonly request: IncomingMessage;
  /** The client's, as trusted proxies give it. */
  readonly address: string;
}

/** The path of a request's URL, as it was sent. */
export function pathOf(url = ''): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}

/** Refused before it is upgraded, and the limit that says so. */
interface CountedRefusal extends Refusal {
  readonly limit?: 'connections_per_address' | 'connections';
}

export class Door {
  readonly #hub: Hub;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** Whether nothing speaks against the upgrade. Counts nothing: whoever is not welcome is asked who they are. */
  isWelcome(endpoint: Endpoint, { request, address }: Applicant): boolean {
    return (
      isOriginAllowed(endpoint.config.origins, request) && this.#refusal(endpoint, address) === undefined
    );
  }

  /** Whether the request must not even be upgraded. Counted where it is refused. */
  refusalBeforeOpening(endpoint: Endpoint, address: string): Refusal | undefined {
    const refusal = this.#refusal(endpoint, address);
    if (refusal === undefined) return undefined;
    const { metrics } = endpoint;
    metrics.connectionsRefused++;
    if (refusal.limit !== undefined) metrics.countRefusal(refusal.limit);
    return refusal;
  }

  #refusal(endpoint: Endpoint, address: string): CountedRefusal | undefined {
    const { config, connections } = endpoint;
    if (endpoint.isRetired) {
      return { statusCode: 503, text: 'this endpoint has just been replaced', retryAfter: 1 };
    }
    if (this.#hub.admission.isFlooding(address)) {
      const limit = 'connections_per_address';
      return { limit, statusCode: 429, text: 'too many connections from this address', retryAfter: 5 };
    }
    if (
      connections.size + endpoint.told >=
      config.limits.connections + this.#hub.config.limits.admission.told
    ) {
      return { limit: 'connections', statusCode: 503, text: 'too many connections', retryAfter: 5 };
    }
    return undefined;
  }

  isOriginAllowed(endpoint: Endpoint, request: Pick<IncomingMessage, 'headers'>): boolean {
    if (isOriginAllowed(endpoint.config.origins, request)) return true;
    endpoint.metrics.connectionsRefused++;
    const origin = (request.headers.origin ?? '').slice(0, 200);
    this.#hub.log.warn(
      { endpoint: endpoint.path, origin, allow: `origins: [${JSON.stringify(origin)}]` },
      'origin refused; the line in "allow", under this endpoint, would let it in',
    );
    return false;
  }

  /** A connection, and what is to be called once its transport has its listeners. */
  open(
    endpoint: Endpoint,
    transport: Transport,
    { request, subprotocol }: { readonly request: IncomingMessage; readonly subprotocol: string | undefined },
  ): { readonly connection: Connection; readonly begin: () => void } {
    const hub = this.#hub;
    const upgrade = { ...credentialsOf(request, endpoint.config.credentials), subprotocol };
    const connection = new Connection(endpoint.bridge ?? hub, endpoint, transport, upgrade);
    const refused =
      hub.admission.enter(connection.remoteAddress) ??
      (endpoint.connections.size >= endpoint.config.limits.connections ? 'connections' : undefined);
    if (refused === undefined) {
      hub.opened(connection);
      return { connection, begin: () => connection.open() };
    }
    endpoint.metrics.countRefusal(refused);
    hub.refused(connection);
    return { connection, begin: () => connection.fault(refusalError(refused)) };
  }
}

const WHY: Readonly<Record<AdmissionRefusal | 'connections', string>> = {
  connections: 'too many connections',
  connections_per_address: 'too many connections from this address',
  failed_logins: 'too many failed logins from this address; try again later',
};

const refusalError = (refused: AdmissionRefusal | 'connections'): GatewayError =>
  new GatewayError('limit_exceeded', { fatal: 'policy', detail: WHY[refused] });
