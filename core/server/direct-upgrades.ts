/**
 * The short way from an upgrade to a connection, for requests to an endpoint's own path that nothing speaks against.
 * All others take the application's routes, where they hear what is wrong, or reach what is not an endpoint.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocketServer } from 'ws';
import type { Connection } from '../connection.ts';
import type { Endpoint } from '../endpoint.ts';
import { type Applicant, type Door, pathOf } from './door.ts';
import type { GatewaySocket } from './gateway-socket.ts';
import { HeldHandshakes } from './held-handshakes.ts';

/** Takes an upgrade over; false: it has not touched it. */
export type DirectUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

export interface DirectUpgradeParts {
  readonly door: Door;
  readonly draining: () => boolean;
  readonly endpoints: readonly Endpoint[];
  readonly server: WebSocketServer;
  /** Gives the connection; undefined: it could not be made. */
  readonly accept: (
    endpoint: Endpoint,
    socket: GatewaySocket,
    applicant: Applicant,
  ) => Connection | undefined;
}

/** For applications that take the client's address from the socket. */
export function directUpgrade(parts: DirectUpgradeParts): DirectUpgrade {
  const { door, draining, server, accept } = parts;
  const byPath = new Map(parts.endpoints.map((endpoint) => [endpoint.path, endpoint]));
  const handshakes = new HeldHandshakes();
  return (request, socket, head) => {
    const endpoint = byPath.get(pathOf(request.url));
    if (endpoint === undefined || draining()) return false;
    const applicant = { request, address: request.socket.remoteAddress ?? '' };
    if (!door.isWelcome(endpoint, applicant)) return false;
    let connection: Connection | undefined;
    socket.cork();
    server.handleUpgrade(request, socket, head, (opened) => {
      connection = accept(endpoint, opened as GatewaySocket, applicant);
    });
    handshakes.hold(socket, () => connection?.awaitsOutcome === true);
    return true;
  };
}
