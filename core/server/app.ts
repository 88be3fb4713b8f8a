/** The HTTP server under the gateway: its deadlines, its certificate, and whose word on addresses it takes. */
import { isIP } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Config } from '../../schemas/config.ts';
import { readCertificate } from './certificate.ts';

/** How long a request's body may take at least, ms. */
const REQUEST_TIMEOUT_MS = 30_000;
/** How far apart the server looks for sockets that are over their deadline, at most, ms. */
const CHECK_INTERVAL_MS = 1000;

/** @throws Error if the certificate can't be used */
export function makeApp({ listen, limits }: Config, bodyLimit: number): FastifyInstance {
  const { handshake } = limits.admission;
  const server = {
    headersTimeout: handshake,
    connectionsCheckingInterval: Math.max(50, Math.min(CHECK_INTERVAL_MS, handshake / 4)),
  };
  const options = {
    logger: false,
    requestTimeout: Math.max(REQUEST_TIMEOUT_MS, handshake),
    bodyLimit,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 128 },
    trustProxy: listen.trustProxy.length === 0 ? false : [...listen.trustProxy],
  } as const;
  if (listen.tls === undefined) return Fastify({ ...options, http: server });
  const https = { ...server, ...readCertificate(listen.tls), handshakeTimeout: handshake };
  return Fastify({ ...options, https }) as unknown as FastifyInstance;
}

/** The client's address as trusted proxies give it, or the socket's where what they give is none. */
export function addressOf(request: FastifyRequest): string {
  const { ip } = request;
  if (isIP(ip) !== 0) return ip;
  const withoutPort =
    /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/.exec(ip)?.[1] ?? /^\[([\da-fA-F:.]+)\]/.exec(ip)?.[1];
  if (withoutPort !== undefined && isIP(withoutPort) !== 0) return withoutPort;
  return request.socket.remoteAddress ?? '';
}
