/** People, groups, messages and effects that the vectors and tests of the dialect share. */

import type { CloseReason } from '../../core/close.ts';
import type { Effect, Outcome } from '../../core/dialect.ts';
import type { ConversationVector } from '../../core/dialect-vectors.ts';
import { type ErrorCode, errorText } from '../../core/errors.ts';
import { READY, route, send } from '../../core/session-kit.ts';
import type { Event } from '../../schemas/event.ts';
import type { Group, Message, User } from '../../schemas/model.ts';

/** What a test connection's clock says. */
export const NOW = 1_765_679_400_000;
export const SENT_AT = 1_719_820_800_000;

const namespace = 'main';

/** user_001 is the client of every conversation. */
export const MING: User = {
  namespace,
  id: 'user_001',
  name: '小明',
  avatar: 'https://example.com/avatar.png',
};
export const HONG: User = { namespace, id: 'user_002', name: '小红' };

export const GROUP: Group = {
  namespace,
  id: 'group_001',
  name: '技术交流群',
  description: '',
  createdAt: SENT_AT,
  open: false,
};

/** The group as a client knows it that has read its id only. */
export const BARE_GROUP: Group = { ...GROUP, name: 'group_001', createdAt: 0 };

/** The source's example message, from user_001 to user_002. */
export const SINGLE: Message = {
  id: '01J1NQ8Z000000000000000001',
  clientId: 'msg_uuid_001',
  namespace,
  sequence: 7,
  from: MING,
  to: { type: 'user', id: 'user_002' },
  content: '你好!',
  contentType: 'text',
  sentAt: SENT_AT,
};

export const messageEvent = (message: Message, origin?: string): Event =>
  origin === undefined
    ? { type: 'message', namespace, message }
    : { type: 'message', namespace, origin, message };

export const stored = (message: Message, duplicate = false): Outcome => ({
  ok: true,
  result: { type: 'stored', message, duplicate },
});

export const authenticated = (user: User): Outcome => ({
  ok: true,
  result: { type: 'authenticated', user, anonymous: false },
});

export const DONE: Outcome = { ok: true, result: { type: 'done' } };

/** The effect of an `error` frame in the words of the zh-CN column. */
export const errorSent = (code: ErrorCode, messageId?: string): Effect<unknown, never> => {
  const message = errorText(code, 'zh-CN');
  return {
    kind: 'send',
    frame: { type: 'error', data: messageId === undefined ? { message } : { message, messageId } },
  };
};

export const closed = (reason: CloseReason, text: string): Effect<never, never> => ({
  kind: 'close',
  reason,
  text,
});

export const SILENCE_TIMER: Effect<never, never> = {
  kind: 'timer',
  name: 'silence',
  afterMs: 90_000,
  restart: 'received_or_pong',
};

/** A server face whose client logs in as user_001, by an auth frame; the next ref is 2. */
export const LOGIN: ConversationVector['steps'] = [
  [
    { wire: '{"type":"auth","data":{"token":"good"}}' },
    [route(1, { type: 'authenticate', credentials: [{ kind: 'token', token: 'good' }] })],
  ],
  [
    { settle: 1, outcome: authenticated(MING) },
    [send({ type: 'auth_success', data: { userId: 'user_001' } }), READY],
  ],
];

/** Delivers each event after a login and expects its effects. */
export const events = (
  name: string,
  ...steps: readonly (readonly [Event, readonly Effect<unknown, never>[]])[]
): ConversationVector => ({
  name,
  face: 'server',
  steps: [...LOGIN, ...steps.map(([event, effects]) => [{ deliver: event }, effects] as const)],
});

/** Users of whom the wire has told the id only. */
export const ME: User = { namespace, id: 'user_001', name: 'user_001' };
export const OTHER: User = { namespace, id: 'user_002', name: 'user_002' };

/** A client face that is logged in as user_001; the ref of its next event is 2. */
export const LOGGED_IN: ConversationVector['steps'] = [
  [
    { wire: '{"type":"auth_success","data":{"userId":"user_001"}}' },
    [route(1, { type: 'authenticated', namespace, user: ME }), READY],
  ],
];

export const client = (name: string, ...steps: ConversationVector['steps']): ConversationVector => ({
  name,
  face: 'client',
  steps: [...LOGGED_IN, ...steps],
});
