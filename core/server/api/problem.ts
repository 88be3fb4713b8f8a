/** What goes wrong with a request, as RFC 9457 says it: one table of kinds, and every error turned into one. */

import type { Problem } from '../../../schemas/api/common.ts';
import { ERRORS, type ErrorCode, type GatewayError, toGatewayError } from '../../errors.ts';

export const PROBLEM_TYPE = 'application/problem+json';

interface Kind {
  readonly status: number;
  readonly code: ErrorCode;
  readonly title: string;
}

/** What is wrong with a request before anything is done for it. */
const OF_REQUESTS = {
  invalid_request: { status: 400, code: 'frame_malformed', title: 'The request is not as it should be' },
  key_missing: { status: 401, code: 'unauthenticated', title: 'The request has no key' },
  key_unknown: { status: 401, code: 'token_invalid', title: 'The key is not known' },
  scope_missing: { status: 403, code: 'forbidden', title: 'The key may not be used for this' },
  namespace_closed: { status: 403, code: 'forbidden', title: 'The key may not be used in this namespace' },
  not_found: { status: 404, code: 'frame_unknown', title: 'There is nothing at this path' },
  method_not_allowed: { status: 405, code: 'unsupported', title: 'This method is not known here' },
  body_too_large: { status: 413, code: 'frame_too_large', title: 'The body is too large' },
  unsupported_media_type: { status: 415, code: 'data_unsupported', title: 'The body is not JSON' },
  idempotency_conflict: {
    status: 422,
    code: 'duplicate_conflict',
    title: 'The Idempotency-Key was used before for another request',
  },
  config_invalid: {
    status: 422,
    code: 'frame_malformed',
    title: 'The configuration file is invalid; nothing has changed',
  },
  restart_needed: {
    status: 409,
    code: 'unsupported',
    title: 'Some of what has changed needs a restart; nothing has changed',
  },
  too_many_requests: { status: 429, code: 'rate_limited', title: 'Too many requests with this key' },
  idempotency_full: {
    status: 503,
    code: 'limit_exceeded',
    title: 'Too many requests with an Idempotency-Key are under way',
  },
} as const satisfies Record<string, Kind>;

/** The status of the gateway's own errors; those that no request can cause are faults of ours. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  unauthenticated: 401,
  token_invalid: 401,
  token_expired: 401,
  frame_malformed: 400,
  frame_unknown: 400,
  field_missing: 400,
  content_too_long: 422,
  frame_too_large: 413,
  data_unsupported: 415,
  sender_mismatch: 403,
  forbidden: 403,
  blocked: 403,
  muted: 403,
  rate_limited: 429,
  duplicate_conflict: 409,
  message_unknown: 404,
  recipient_unknown: 404,
  group_unknown: 404,
  recipient_queue_full: 409,
  already_joined: 409,
  not_joined: 409,
  already_subscribed: 409,
  not_subscribed: 409,
  limit_exceeded: 409,
  unsupported: 422,
  slow_consumer: 500,
  silence: 500,
  store_unavailable: 503,
  upstream_unavailable: 503,
  shutting_down: 503,
  protocol_violation: 400,
  internal: 500,
};

export type RequestProblem = keyof typeof OF_REQUESTS;
export type FieldError = NonNullable<Problem['errors']>[number];

/** Longest text about one field: it may repeat what was sent. */
export const MAX_DETAIL = 200;

/** A JSON Pointer (RFC 6901); long keys are cut. */
export const pointerTo = (keys: readonly string[]): string =>
  keys.map((key) => `/${key.slice(0, MAX_DETAIL).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** For people. */
export const placeIn = (part: FieldError['in'], pointer: string): string =>
  pointer === '' ? part : `${part} ${pointer}`;

/** A request that is refused before it reaches a handler. `detail` says what to do. */
export class RequestRefused extends Error {
  readonly kind: RequestProblem;
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    kind: RequestProblem,
    detail: string,
    more: {
      readonly errors?: readonly FieldError[];
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(detail);
    this.name = 'RequestRefused';
    this.kind = kind;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
  }
}

/** What the type of every problem begins with; its kind follows. */
export const PROBLEM_PREFIX = '/api/docs#problem-';
const typeOf = (kind: string): string => PROBLEM_PREFIX + kind;

/** Every kind of problem, for the document: by the status, then as in the tables. */
export const PROBLEM_KINDS: readonly (Kind & { readonly kind: string })[] = [
  ...Object.entries<Kind>(OF_REQUESTS).map(([kind, entry]) => ({ kind, ...entry })),
  ...(Object.keys(STATUS) as ErrorCode[])
    .filter((code) => STATUS[code] !== 500 || code === 'internal')
    .map((code) => ({ kind: code, status: STATUS[code], code, title: ERRORS[code].en })),
].sort((left, right) => left.status - right.status);

export function refusalProblem({ kind, message, errors }: RequestRefused): Problem {
  const { status, code, title } = OF_REQUESTS[kind];
  return {
    type: typeOf(kind),
    title,
    status,
    detail: message,
    code,
    ...(errors === undefined ? {} : { errors }),
  };
}

export function gatewayProblem({ code, message }: GatewayError): Problem {
  return { type: typeOf(code), title: ERRORS[code].en, status: STATUS[code], detail: message, code };
}

/** The status of a code, for the document. */
export const statusOf = (code: ErrorCode): number => STATUS[code];
export const statusOfRequest = (kind: RequestProblem): number => OF_REQUESTS[kind].status;

/** Whatever a framework throws about a request, in our words; anything else is the gateway's own error. */
export function problemOf(thrown: unknown): {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
} {
  const refused = thrown instanceof RequestRefused ? thrown : refusalOf(thrown);
  if (refused !== undefined) return { problem: refusalProblem(refused), headers: refused.headers };
  const problem = gatewayProblem(toGatewayError(thrown));
  return { problem, headers: problem.status === 503 ? { 'retry-after': '1' } : {} };
}

/** Faults that the HTTP framework finds: in the URL, the headers or the body. */
function refusalOf(thrown: unknown): RequestRefused | undefined {
  if (!(thrown instanceof Error) || !('statusCode' in thrown)) return undefined;
  switch (thrown.statusCode) {
    case 413:
      return new RequestRefused(
        'body_too_large',
        'the body is larger than `api.limits.body` of the configuration allows; send less at a time',
      );
    case 415:
      return new RequestRefused('unsupported_media_type', 'send JSON, with `Content-Type: application/json`');
    case 400:
    case 404:
    case 414:
    case 431:
      return new RequestRefused('invalid_request', readable(thrown));
    default:
      return undefined;
  }
}

function readable(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY')
    return 'the body is empty; leave Content-Type out, or send JSON';
  if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH') return 'the body is not as long as Content-Length says';
  if (code === 'FST_ERR_BAD_URL') return 'the path can not be decoded; percent-encode the ids in it';
  return 'the body can not be read: it has to be JSON in UTF-8, without keys that concern prototypes';
}
