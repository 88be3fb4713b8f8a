/** The application behind the gateway's server: what it says of what it can't read, and whose word on addresses it takes. */
import { isIP } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Config } from '../../schemas/config.ts';
import { PROBLEM_TYPE, problemOf } from './api/problem.ts';

/** It never listens: the front of the gateway hands it its requests. */
export function makeApp({ listen }: Config, bodyLimit: number): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit,
    routerOptions: { maxParamLength: 128 },
    // A path that can't be decoded reaches no route, wherever it would have led.
    frameworkErrors: (error: Error, { raw }: FastifyRequest, reply: FastifyReply): void => {
      const { problem } = problemOf(error);
      // No hook runs here, and a socket that asked for an upgrade is not the server's any more: nobody else ends it.
      if (raw.headers.upgrade !== undefined) reply.raw.once('finish', () => raw.socket.destroySoon());
      reply
        .code(problem.status)
        .type(PROBLEM_TYPE)
        .send(Buffer.from(JSON.stringify(problem)));
    },
    trustProxy: listen.trustProxy.length === 0 ? false : [...listen.trustProxy],
  });
  app.setNotFoundHandler((_request, reply) => notFound(reply));
  return app;
}

const notFound = (reply: FastifyReply): FastifyReply =>
  reply.code(404).type('text/plain').send('not found\n');

/**
 * Refuses upgrades to routes that are for plain requests only, before any socket opens. For routes that are made
 * after it.
 */
export function refuseOtherUpgrades(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    if (route.wsHandler !== undefined) return;
    const refuse = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> =>
      request.ws ? notFound(reply) : undefined;
    // After the route's own: the API answers in its own words.
    route.onRequest = [...[route.onRequest ?? []].flat(), refuse];
  });
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
