/** One request to one route: what the key may do, what is asked, once for each `Idempotency-Key`. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../../errors.ts';
import type { Hub } from '../../hub.ts';
import { checkBody, fingerprintOf } from './body.ts';
import { checked } from './checked.ts';
import type { Answer, Idempotency } from './idempotency.ts';
import { type ApiKey, isForNamespace, requireNamespace, requireScope } from './keys.ts';
import type { ApiMetrics } from './metrics.ts';
import { PROBLEM_PREFIX, PROBLEM_TYPE, problemOf, RequestRefused } from './problem.ts';
import { type Call, isMutating, type Route } from './route.ts';

export interface OperationParts {
  readonly hub: Hub;
  readonly idempotency: Idempotency;
  readonly draining: () => boolean;
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** @throws RequestRefused invalid_request */
function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const value = request.headers['idempotency-key'];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && IDEMPOTENCY_KEY.test(value)) return value;
  const detail = 'send 1 to 255 visible ASCII characters, such as a UUID';
  throw new RequestRefused('invalid_request', `Idempotency-Key: ${detail}`, {
    errors: [{ in: 'header', pointer: '/Idempotency-Key', detail }],
  });
}

/** Carries out a request whose key is known. @throws RequestRefused, GatewayError */
export async function operate(
  route: Route,
  { hub, idempotency, draining }: OperationParts,
  { key, request }: { readonly key: ApiKey; readonly request: FastifyRequest },
): Promise<{ readonly answer: Answer; readonly replayed: boolean }> {
  requireScope(key, route.scope);
  checkBody(request.body);
  const { params, query, body } = checked(route, {
    params: request.params as Readonly<Record<string, string>>,
    query: request.query,
    body: request.body,
  });
  const { namespace = '' } = params;
  if (params.namespace !== undefined) requireNamespace(key, namespace);
  const { page } = hub.config.api.limits;
  const call: Call<string, unknown, unknown> = {
    hub,
    namespace,
    params,
    query,
    body,
    mayUse: (name) => isForNamespace(key, name),
    pageSize: (asked) => Math.min(asked ?? page, page),
    require: (scope) => requireScope(key, scope),
  };
  if (!isMutating(route)) return { answer: await answerOf(route, call), replayed: false };
  const repeatable = idempotencyKeyOf(request);
  if (draining()) throw new GatewayError('shutting_down');
  if (repeatable === undefined) return { answer: await answerOf(route, call), replayed: false };
  const fingerprint = fingerprintOf(request.method, request.url, request.body);
  return idempotency.run(`${key.name} ${repeatable}`, fingerprint, () => remembered(hub, route, call));
}

async function answerOf(route: Route, call: Call<string, unknown, unknown>): Promise<Answer> {
  const result = await route.handle(call);
  if (route.result === undefined) return { status: 204, body: undefined, type: '', headers: {} };
  return { status: 200, body: JSON.stringify(result), type: 'application/json; charset=utf-8', headers: {} };
}

/** A refusal is an answer too: the repetition gets the same one. */
async function remembered(hub: Hub, route: Route, call: Call<string, unknown, unknown>): Promise<Answer> {
  try {
    return await answerOf(route, call);
  } catch (error) {
    return failureOf(hub, error);
  }
}

/** The answer to whatever was thrown; faults of ours are logged. */
export function failureOf(hub: Hub, error: unknown): Answer {
  const { problem, headers } = problemOf(error);
  if (problem.status === 500) hub.log.error({ err: error }, 'an API request failed');
  const kind = problem.type.slice(PROBLEM_PREFIX.length);
  return { status: problem.status, body: JSON.stringify(problem), type: PROBLEM_TYPE, headers, kind };
}

/** Sends an answer; if it tells of a problem, it is counted. */
export function send(reply: FastifyReply, answer: Answer, metrics: ApiMetrics): FastifyReply {
  const { status, body, type, headers, kind } = answer;
  if (kind !== undefined) metrics.problem(kind);
  reply.code(status).headers(headers);
  if (body === undefined) return reply.send();
  // As bytes: to text the framework would add a charset, which a problem's type does not have.
  return reply.header('content-type', type).send(Buffer.from(body));
}
