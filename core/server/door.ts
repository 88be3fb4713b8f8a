/**
 * The door: which requests may become connections. A refusal is said in the dialect's own words where a client can
 * hear it, and before the upgrade where the origin forbids it or an address asks far too often.
 */
import type { FastifyRequest } from 'fastify';
import type { AdmissionRefusal } from '../admission.ts';
import { Connection } from '../connection.ts';
import type { Endpoint } from '../endpoint.ts';
import { GatewayError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import type { Transport } from '../transport.ts';
import { addressOf } from './app.ts';
import { credentialsOf } from './credentials.ts';
import { isOriginAllowed } from './origin.ts';
import type { Refusal } from './sockjs/index.ts';

/** Connections of an endpoint over its limit that are opened at a time, only to be told so. */
const TOLD_AT_A_TIME = 64;

export class Door {
  readonly #hub: Hub;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** Whether the request must not even be upgraded. Counted where it is refused. */
  refusalBeforeOpening(endpoint: Endpoint, request: FastifyRequest): Refusal | undefined {
    const { metrics, config, connections } = endpoint;
    if (endpoint.isRetired) {
      metrics.connectionsRefused++;
      return { statusCode: 503, text: 'this endpoint has just been replaced', retryAfter: 1 };
    }
    if (this.#hub.admission.isFlooding(addressOf(request))) {
      metrics.connectionsRefused++;
      metrics.countRefusal('connections_per_address');
      return { statusCode: 429, text: 'too many connections from this address', retryAfter: 5 };
    }
    if (connections.size + endpoint.told >= config.limits.connections + TOLD_AT_A_TIME) {
      metrics.connectionsRefused++;
      metrics.countRefusal('connections');
      return { statusCode: 503, text: 'too many connections', retryAfter: 5 };
    }
    return undefined;
  }

  isOriginAllowed(endpoint: Endpoint, request: FastifyRequest): boolean {
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
    { request, subprotocol }: { readonly request: FastifyRequest; readonly subprotocol: string | undefined },
  ): { readonly connection: Connection; readonly begin: () => void } {
    const hub = this.#hub;
    const upgrade = { ...credentialsOf(request.raw, endpoint.config.credentials), subprotocol };
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
    return { connection, begin: () => connection.refuse(refusalError(refused)) };
  }
}

const WHY: Readonly<Record<AdmissionRefusal | 'connections', string>> = {
  connections: 'too many connections',
  connections_per_address: 'too many connections from this address',
  failed_logins: 'too many failed logins from this address; try again later',
};

const refusalError = (refused: AdmissionRefusal | 'connections'): GatewayError =>
  new GatewayError('limit_exceeded', { fatal: 'policy', detail: WHY[refused] });
