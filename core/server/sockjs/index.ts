/** SockJS on an endpoint's path, for clients of Spring's `withSockJS()`; PROTOCOL.md beside this file says how. */
import { randomInt } from 'node:crypto';
// For the types that it adds to fastify's.
import type {} from '@fastify/websocket';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import type { GatewaySocket } from '../gateway-socket.ts';
import {
  allowCrossOrigin,
  answerPreflight,
  answerRefusal,
  answerText,
  forbidCaching,
  sessionIdOf,
} from './headers.ts';
import { registerHttpTransports } from './http-transports.ts';
import { bodyLimitOf, type Refusal, type SockJsHandle, type SockJsOptions } from './options.ts';
import { WebSocketSession } from './websocket-session.ts';

export {
  type Accepted,
  abandonSessions,
  bodyLimitOf,
  type Refusal,
  type SessionRegistry,
  type SockJsHandle,
  type SockJsLimits,
  type SockJsOptions,
  sessionRegistry,
} from './options.ts';

/** Answers a plain GET at the endpoint's own path: for a route that is also the endpoint's WebSocket. */
export function sockJsGreeting(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return answerText(reply, 200, 'Welcome to SockJS!\n');
}

/**
 * Registers SockJS below `options.path` in a scope of its own: hooks of `app` apply, its body parsers do not.
 * @fastify/websocket must be registered before. The path itself is left alone if it has a GET route already
 * (which may give plain requests to `sockJsGreeting`); otherwise it gets the greeting, and upgrades there go to
 * `acceptWebSocket`.
 */
export function registerSockJs(app: FastifyInstance, options: SockJsOptions): SockJsHandle {
  const { path } = options;
  const heartbeatMs = options.heartbeatMs ?? 25_000;
  const maxBodyBytes = bodyLimitOf(options.limits);
  let sessionCount = (): number => 0;

  const refusalOf = (request: FastifyRequest): Refusal | undefined =>
    options.draining()
      ? { statusCode: 503, text: 'Shutting down.', retryAfter: 1 }
      : options.admit?.(request);

  /** Refuses an upgrade before the socket opens. */
  const guardUpgrade = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const refusal = request.ws ? refusalOf(request) : undefined;
    return refusal && answerRefusal(reply, refusal);
  };
  const raw = (socket: WebSocket, request: FastifyRequest): void => options.acceptWebSocket(socket, request);
  const notUpgraded = (_request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    answerText(reply, 400, 'Can "Upgrade" only to "WebSocket".');

  app.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      if (!options.allowOrigin(request)) return answerText(reply, 403, 'Origin not allowed.');
      allowCrossOrigin(request, reply);
      return undefined;
    });

    for (const url of [path, `${path}/`]) {
      if (scope.hasRoute({ method: 'GET', url: scope.prefix + url })) continue;
      scope.route({
        method: 'GET',
        url,
        preValidation: guardUpgrade,
        handler: sockJsGreeting,
        wsHandler: raw,
      });
    }

    scope.get(`${path}/info`, (_request, reply) => {
      forbidCaching(reply);
      return reply
        .type('application/json;charset=UTF-8')
        .send({ websocket: true, origins: ['*:*'], cookie_needed: false, entropy: randomInt(2 ** 32) });
    });
    scope.options(`${path}/info`, (_request, reply) => answerPreflight('OPTIONS, GET', reply));

    scope.route({
      method: 'GET',
      url: `${path}/websocket`,
      exposeHeadRoute: false,
      preValidation: guardUpgrade,
      handler: notUpgraded,
      wsHandler: raw,
    });
    scope.route({
      method: 'GET',
      url: `${path}/:server/:session/websocket`,
      exposeHeadRoute: false,
      preValidation: async (request, reply) =>
        sessionIdOf(request) === undefined
          ? answerText(reply, 404, 'Not found.')
          : guardUpgrade(request, reply),
      handler: notUpgraded,
      wsHandler: (socket, request) => {
        // The server of the plugin makes no others.
        const session = new WebSocketSession(socket as GatewaySocket, {
          remoteAddress: options.remoteAddress(request),
          heartbeatMs,
          closeTimeoutMs: options.closeTimeoutMs ?? 5_000,
          maxFrameBytes: maxBodyBytes,
          maxMessageBytes: options.limits.frame,
        });
        try {
          const { listener, begin } = options.accept(session, request);
          session.listen(listener);
          begin();
        } catch (error) {
          session.terminate();
          throw error;
        }
      },
    });

    const sessions = registerHttpTransports(scope, { options, heartbeatMs, maxBodyBytes, refusalOf });
    sessionCount = () => sessions.size;
  });

  return {
    get sessionCount() {
      return sessionCount();
    },
  };
}
