/** The headers that SockJS asks for, and the checks that every request passes. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Refusal } from './options.ts';

const YEAR_SECONDS = 31_536_000;

/** Longest server or session id, characters; sockjs-client makes 3 and 8, other clients use UUIDs. */
const MAX_ID_LENGTH = 64;

/**
 * Lets the browser of an allowed origin read the answer. Without `Origin` nothing is said: nobody asked. The
 * origin `null` (a file, a sandbox) is echoed as well, because browsers refuse `*` together with credentials.
 */
export function allowCrossOrigin(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('Vary', 'Origin');
  const { origin } = request.headers;
  if (origin === undefined) return;
  reply.header('Access-Control-Allow-Origin', origin);
  reply.header('Access-Control-Allow-Credentials', 'true');
  const requested = request.headers['access-control-request-headers'];
  if (requested) reply.header('Access-Control-Allow-Headers', requested);
}

/** Polls are repeated under one URL, some of them with GET; `no-transform` keeps proxies from collecting a stream. */
export function forbidCaching(reply: FastifyReply): void {
  reply.header('Cache-Control', 'no-store, no-cache, no-transform, must-revalidate, max-age=0');
}

/** The answer to a preflight: 204, cacheable for a year. */
export function answerPreflight(methods: string, reply: FastifyReply): FastifyReply {
  return reply
    .header('Cache-Control', `public, max-age=${YEAR_SECONDS}`)
    .header('Expires', new Date(Date.now() + YEAR_SECONDS * 1000).toUTCString())
    .header('Access-Control-Allow-Methods', methods)
    .header('Access-Control-Max-Age', String(YEAR_SECONDS))
    .code(204)
    .send();
}

export function answerText(reply: FastifyReply, statusCode: number, text: string): FastifyReply {
  return reply.code(statusCode).type('text/plain;charset=UTF-8').send(text);
}

/** Nothing is opened now; those that are told to come back hear when. */
export function answerRefusal(reply: FastifyReply, { statusCode, text, retryAfter }: Refusal): FastifyReply {
  if (retryAfter !== undefined) reply.header('Retry-After', String(retryAfter));
  return answerText(reply, statusCode, text);
}

/**
 * The session id of a URL; the server id exists for load balancers and is ignored. Undefined where one of the
 * two is empty, has a dot or is too long [SockJS 0.3.3, "Session URLs"].
 */
export function sessionIdOf(request: FastifyRequest): string | undefined {
  const { server, session } = request.params as { readonly server: string; readonly session: string };
  return isLegalId(server) && isLegalId(session) ? session : undefined;
}

const isLegalId = (id: string): boolean => id.length > 0 && id.length <= MAX_ID_LENGTH && !id.includes('.');
