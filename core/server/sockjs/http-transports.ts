/** The routes of a session over HTTP: `xhr`, `xhr_streaming` and `eventsource` receive, `xhr_send` sends. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parseIncoming } from './framing.ts';
import { answerPreflight, answerRefusal, answerText, forbidCaching, sessionIdOf } from './headers.ts';
import { HttpSession, type ReceiveOutcome } from './http-session.ts';
import { abandonSessions, type Refusal, type SockJsOptions, sessionRegistry } from './options.ts';
import { RECEIVER_FORMS, Receiver, type ReceiverForm } from './receiver.ts';

/** Bodies of receiving requests mean nothing; this is what is read of them at most. */
const RECEIVING_BODY_BYTES = 1024;

export interface HttpTransportsContext {
  readonly options: SockJsOptions;
  readonly heartbeatMs: number;
  readonly maxBodyBytes: number;
  /** Why nothing may be opened for this request. */
  readonly refusalOf: (request: FastifyRequest) => Refusal | undefined;
}

/** Registers the routes in a scope that is theirs alone, and gives the table of sessions by id. */
export function registerHttpTransports(
  scope: FastifyInstance,
  context: HttpTransportsContext,
): ReadonlyMap<string, HttpSession> {
  const { options, maxBodyBytes } = context;
  const registry = options.registry ?? sessionRegistry();
  const { sessions, bodies } = registry;
  const maxSessions = options.limits.sessions ?? 10_000;
  const responseBytes = options.responseBytes ?? 131_072;
  const sessionUrl = `${options.path}/:server/:session`;

  /** Opens a session. Throws what `accept` throws, and then there is none. */
  const open = (id: string, request: FastifyRequest): HttpSession => {
    const session = new HttpSession({
      remoteAddress: options.remoteAddress(request),
      heartbeatMs: context.heartbeatMs,
      disconnectMs: options.disconnectMs ?? 5_000,
      forget: () => {
        sessions.delete(id);
      },
    });
    sessions.set(id, session);
    try {
      const { listener, begin } = options.accept(session, request);
      session.listen(listener);
      begin();
    } catch (error) {
      session.terminate();
      throw error;
    }
    return session;
  };

  const receive =
    (form: ReceiverForm) =>
    (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
      const id = sessionIdOf(request);
      if (id === undefined) return answerText(reply, 404, 'Not found.');
      let session = sessions.get(id);
      if (session === undefined) {
        const isFull = sessions.size >= maxSessions;
        if (isFull) options.full?.();
        const refusal = isFull ? { statusCode: 503, text: 'Too many sessions.' } : context.refusalOf(request);
        if (refusal !== undefined) return answerRefusal(reply, refusal);
        session = open(id, request);
        if (!session.alive) return answerText(reply, 503, 'Closed.');
      }
      const response = reply.raw;
      reply.hijack();
      // The client may have gone while hooks were at work; nothing would tell the session.
      if (response.destroyed || response.closed) return reply;
      response.on('error', ignore);
      response.statusCode = 200;
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) response.setHeader(name, value);
      }
      response.setHeader('Content-Type', form.contentType);
      // nginx would keep back what is streamed.
      response.setHeader('X-Accel-Buffering', 'no');
      session.attach(new Receiver(response, form, session, responseBytes));
      return reply;
    };

  const send = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const id = sessionIdOf(request);
    const session = id === undefined ? undefined : sessions.get(id);
    if (session === undefined) return answerText(reply, 404, 'Session not found.');
    const body = request.body;
    if (!Buffer.isBuffer(body) || body.length === 0) return answerText(reply, 500, 'Payload expected.');
    const outcome = await session.receive(parseIncoming(body, options.limits.frame));
    return answerSend(outcome, reply);
  };

  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  scope.addHook('onRequest', async (request, reply) => {
    // Clients send all kinds of types with the same JSON, some of them malformed [SockJS 0.3.3, "XhrPolling"].
    delete request.raw.headers['content-type'];
    forbidCaching(reply);
  });
  scope.setErrorHandler((error: { readonly code?: string }, request, reply) => {
    if (error.code !== 'FST_ERR_CTP_BODY_TOO_LARGE') return reply.send(error);
    const id = sessionIdOf(request);
    if (id !== undefined) sessions.get(id)?.refuse('too_large');
    return answerText(reply, 413, 'Payload too large.');
  });

  const receiving = { bodyLimit: RECEIVING_BODY_BYTES, exposeHeadRoute: false };
  scope.post(`${sessionUrl}/xhr`, receiving, receive(RECEIVER_FORMS.xhr));
  scope.post(`${sessionUrl}/xhr_streaming`, receiving, receive(RECEIVER_FORMS.xhr_streaming));
  scope.get(`${sessionUrl}/eventsource`, receiving, receive(RECEIVER_FORMS.eventsource));
  // Before the body is read: nobody makes the gateway hold bodies that it has no use for.
  const admitBody = async (
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply | undefined> => {
    const id = sessionIdOf(request);
    if (id === undefined || !sessions.has(id)) {
      return answerText(reply.header('connection', 'close'), 404, 'Session not found.');
    }
    if (bodies.has(id)) {
      return answerText(
        reply.header('connection', 'close'),
        503,
        'An earlier request is still being handled.',
      );
    }
    bodies.add(id);
    request.raw.once('close', () => bodies.delete(id));
    return undefined;
  };
  scope.post(`${sessionUrl}/xhr_send`, { bodyLimit: maxBodyBytes, onRequest: admitBody }, send);
  for (const name of ['xhr', 'xhr_streaming', 'xhr_send']) {
    scope.options(`${sessionUrl}/${name}`, (_request, reply) => answerPreflight('OPTIONS, POST', reply));
  }

  // What has not been closed by now would keep the server from closing.
  if (options.registry === undefined) scope.addHook('preClose', async () => abandonSessions(registry));
  return sessions;
}

function answerSend(outcome: ReceiveOutcome, reply: FastifyReply): FastifyReply {
  switch (outcome) {
    case 'taken':
      // With another type Firefox takes the empty answer for broken XML.
      return reply.code(204).type('text/plain;charset=UTF-8').send();
    case 'gone':
      return answerText(reply, 404, 'Session not found.');
    case 'busy':
      return answerText(reply, 503, 'An earlier request is still being handled.');
    case 'too_large':
      return answerText(reply, 413, 'Payload too large.');
    case 'broken':
    case 'invalid_payload':
      return answerText(reply, 500, 'Broken JSON encoding.');
    default:
      outcome satisfies never;
      return reply;
  }
}

const ignore = (): void => undefined;
