/** The people, times and short forms that this dialect's vectors share. */
import type { Effect, Outcome, WireIdentity } from '../../core/dialect.ts';
import { ERRORS, type ErrorCode, GatewayError, type GatewayErrorOptions } from '../../core/errors.ts';
import type { Credential } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Group, Message, User } from '../../schemas/model.ts';
import type { Result } from '../../schemas/outcome.ts';
import { ERROR_NUMBERS } from './error-codes.ts';

export type AnyEffect = Effect<unknown, unknown>;

/** 2025-12-14T10:30:00 in Asia/Shanghai: the source's example. */
export const AT = 1_765_679_400_000;

export const alice: User = { namespace: 'main', id: 'alice', name: 'Alice' };
export const bob: User = { namespace: 'main', id: 'bob', name: 'Bob' };
export const charlie: User = { namespace: 'main', id: 'charlie', name: 'Charlie' };
/** Nobody gave her an integer. */
export const eve: User = { namespace: 'main', id: 'eve', name: 'Eve' };

const NUMBERS: ReadonlyMap<string, string> = new Map([
  ['alice', '1'],
  ['bob', '2'],
  ['charlie', '3'],
]);
const NAMES: ReadonlyMap<string, string> = new Map([...NUMBERS].map(([name, number]) => [number, name]));

export const identity: WireIdentity = {
  toWire: (userId) => NUMBERS.get(userId),
  toCanonical: (wireId) => NAMES.get(wireId),
};

export const token: Credential = { kind: 'token', token: 'secret' };
export const connection = { identity, credentials: [token] };

export const lobby: Group = {
  namespace: 'main',
  id: 'lobby',
  name: 'lobby',
  description: '',
  createdAt: 0,
  open: true,
};

export const send = (frame: unknown): AnyEffect => ({ kind: 'send', frame });
export const route = (ref: number, value: unknown): AnyEffect => ({ kind: 'route', ref, value });
export const settled = (ref: number, outcome: Outcome): AnyEffect => ({ kind: 'settled', ref, outcome });
export const lost = (type: string, ...fields: readonly string[]): AnyEffect => ({
  kind: 'lost',
  type,
  fields: fields.length === 0 ? ['*'] : fields,
});
export const READY: AnyEffect = { kind: 'ready' };

export const ok = (result: Result): Outcome => ({ ok: true, result });
export const failed = (code: ErrorCode, options?: GatewayErrorOptions): Outcome => ({
  ok: false,
  error: new GatewayError(code, options),
});
export const DONE = ok({ type: 'done' });

/** The ERROR frame for a code, in the default locale. */
export const errorFrame = (code: ErrorCode) => ({
  type: 'error',
  code: ERROR_NUMBERS[code],
  message: ERRORS[code]['zh-CN'],
});

export const loggedIn = (user: User): Outcome => ok({ type: 'authenticated', user, anonymous: false });
export const login = route(1, { type: 'authenticate', credentials: [token] });

export const chatWire = (overrides: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ type: 'CHAT', fromUserId: 1, content: 'Hello, all!', messageType: 'GROUP', ...overrides });

export const privateWire = (overrides: Readonly<Record<string, unknown>> = {}): string =>
  chatWire({ toUserId: 2, content: 'Hello, Bob!', messageType: 'PRIVATE', ...overrides });

/** Chat as the server says it. */
export const chatFrame = (overrides: Readonly<Record<string, unknown>> = {}) => ({
  type: 'chat',
  fromUserId: 1,
  fromNickname: 'Alice',
  toUserId: null,
  toNickname: null,
  content: 'Hello, all!',
  at: AT,
  ...overrides,
});

/** Chat as a client says it with nothing but the required fields. */
export const bareChatFrame = (overrides: Readonly<Record<string, unknown>> = {}) =>
  chatFrame({ fromNickname: null, at: null, ...overrides });

export const message = (overrides: Partial<Message> = {}): Message => ({
  id: '01JF0000000000000000000000',
  namespace: 'main',
  sequence: 1,
  from: alice,
  to: { type: 'group', id: 'lobby' },
  content: 'Hello, all!',
  contentType: 'text',
  sentAt: AT,
  ...overrides,
});

export const direct = (overrides: Partial<Message> = {}): Message =>
  message({ to: { type: 'user', id: 'bob' }, content: 'Hello, Bob!', ...overrides });

export const messageEvent = (said: Message, origin = 'elsewhere'): Event => ({
  type: 'message',
  namespace: 'main',
  origin,
  message: said,
});

export const presence = (user: User, online: boolean, at = AT): Event => ({
  type: 'presence_changed',
  namespace: 'main',
  user,
  online,
  at,
});

export const userList = (online: readonly User[], offline: readonly User[], group = lobby): Event => ({
  type: 'user_list',
  namespace: 'main',
  group,
  online,
  offline,
});

export const listed = (userId: number, nickname: string) => ({ userId, nickname });
