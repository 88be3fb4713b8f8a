/** People, groups, events and effects that the vectors and tests of the dialect share. */
import type { CloseReason } from '../../../core/close.ts';
import type { Effect, Outcome } from '../../../core/dialect.ts';
import { type ErrorCode, errorText, GatewayError } from '../../../core/errors.ts';
import type { Event } from '../../../schemas/event.ts';
import type { Destination, Group, Message, User } from '../../../schemas/model.ts';

/** What a test connection's clock says. */
export const NOW = 1_765_679_400_000;
export const SENT_AT = 1_719_820_800_000;

export const namespace = 'main';

/** Alice is the client of every conversation. */
export const ALICE: User = { namespace, id: 'alice', name: 'Alice', avatar: '/a.png' };
export const BOB: User = { namespace, id: 'bob', name: 'Bob' };
export const WIRE_ALICE = { id: 'alice', name: 'Alice', avatar: '/a.png' };
export const WIRE_BOB = { id: 'bob', name: 'Bob', avatar: '' };

export const LOBBY: Group = {
  namespace,
  id: 'lobby',
  name: 'Lobby',
  description: 'Everybody',
  owner: BOB,
  createdAt: SENT_AT,
  open: true,
};
export const STAFF: Group = { ...LOBBY, id: 'staff', name: 'Staff', description: '', open: false };
export const WIRE_LOBBY = {
  id: 'lobby',
  name: 'Lobby',
  description: 'Everybody',
  owner: WIRE_BOB,
  createdAt: SENT_AT,
  open: true,
};
export const WIRE_STAFF = { ...WIRE_LOBBY, id: 'staff', name: 'Staff', description: '', open: false };

/** Bob writes to the lobby. */
export const SAID: Message = {
  id: '01J1NQ8Z000000000000000001',
  clientId: 'm1',
  namespace,
  sequence: 7,
  from: BOB,
  to: { type: 'group', id: 'lobby' },
  content: '你好 👋',
  contentType: 'text',
  sentAt: SENT_AT,
};
/** Bob writes to Alice. */
export const DIRECT: Message = { ...SAID, to: { type: 'user', id: 'alice' } };

export const messageEvent = (message: Message, origin?: string): Event =>
  origin === undefined
    ? { type: 'message', namespace, message }
    : { type: 'message', namespace, origin, message };

/** `data` of SAID and DIRECT on the wire. */
export const WIRE_SAID = {
  id: 'm1',
  from: WIRE_BOB,
  content: '你好 👋',
  contentType: 'text',
  timestamp: SENT_AT,
};

export const authenticated = (user: User = ALICE, anonymous = false): Outcome => ({
  ok: true,
  result: { type: 'authenticated', user, anonymous },
});
export const stored = (message: Message, duplicate = false): Outcome => ({
  ok: true,
  result: { type: 'stored', message, duplicate },
});
export const subscribed = (target: Destination): Outcome => ({
  ok: true,
  result: { type: 'subscribed', target },
});
export const unsubscribed = (target: Destination): Outcome => ({
  ok: true,
  result: { type: 'unsubscribed', target },
});
export const DONE: Outcome = { ok: true, result: { type: 'done' } };
export const failed = (code: ErrorCode, detail?: string): Outcome => ({
  ok: false,
  error: new GatewayError(code, detail === undefined ? {} : { detail }),
});

export const send = (frame: unknown): Effect<unknown, never> => ({ kind: 'send', frame });
export const route = (ref: number, value: unknown): Effect<never, unknown> => ({ kind: 'route', ref, value });
export const lost = (type: string, ...fields: readonly string[]): Effect<never, never> => ({
  kind: 'lost',
  type,
  fields: fields.length === 0 ? ['*'] : fields,
});
export const closed = (reason: CloseReason, text: string): Effect<never, never> => ({
  kind: 'close',
  reason,
  text,
});
export const READY: Effect<never, never> = { kind: 'ready' };

const withDetail = (code: ErrorCode, detail: string | undefined): string =>
  detail === undefined ? errorText(code, 'en') : `${errorText(code, 'en')}: ${detail}`;

/** The effect of an `error` frame in English. */
export const errorSent = (
  code: ErrorCode,
  more: { readonly messageId?: string; readonly detail?: string } = {},
): Effect<unknown, never> => {
  const message = withDetail(code, more.detail);
  const data =
    more.messageId === undefined ? { code, message } : { code, message, messageId: more.messageId };
  return send({ event: 'error', data });
};

/** The effect of a refused subscription. */
export const refused = (code: ErrorCode, detail?: string): Effect<unknown, never> =>
  send({ event: 'socket:subscribe.error', data: { error: withDetail(code, detail) } });

// Server face

/** The id that a test connection makes first. */
export const SOCKET_ID = '00000000-0000-4000-8000-000000000001';

export const CONNECTED = send({
  event: 'socket:connected',
  data: { socket_id: SOCKET_ID, heart: { interval: 30, timeout: 25 } },
});
export const SILENCE: Effect<never, never> = {
  kind: 'timer',
  name: 'silence',
  afterMs: 150_000,
  restart: 'received',
};
export const SUBSCRIBED = send({ event: 'socket:subscribed' });
export const UNSUBSCRIBED = send({ event: 'socket:unsubscribed' });

export const TOKEN = { kind: 'token', token: 't' } as const;
export const CREDENTIALS = { credentials: [TOKEN] } as const;

/** Opens a connection with a token and logs Alice in: the first two steps of a conversation. Its ref is 1. */
export const LOGIN = [
  [{ open: true }, [CONNECTED, SILENCE, route(1, { type: 'authenticate', credentials: [TOKEN] })]],
  [{ settle: 1, outcome: authenticated() }, [READY]],
] as const;

export const subscribe = (channel: string, auth?: string): { readonly wire: string } => ({
  wire: JSON.stringify({
    event: 'socket:subscribe',
    data: auth === undefined ? { channel } : { channel, auth },
  }),
});
export const unsubscribe = (channel: string): { readonly wire: string } => ({
  wire: JSON.stringify({ event: 'socket:unsubscribe', data: { channel } }),
});
export const published = (event: string, channel: string, data: unknown): { readonly wire: string } => ({
  wire: JSON.stringify({ event, channel, data }),
});

/** Subscribes a channel under the next ref, and says yes. */
export const joins = (ref: number, channel: string, target: Destination) =>
  [
    [subscribe(channel), [route(ref, { type: 'subscribe', target })]],
    [{ settle: ref, outcome: subscribed(target) }, [SUBSCRIBED]],
  ] as const;

export const IN_LOBBY: Destination = { type: 'group', id: 'lobby' };
export const INBOX: Destination = { type: 'user', id: 'alice' };

/** Private channels' `auth`, each made with openssl: HMAC-SHA256 over the test connection's socket_id, ":" and the channel. */
export const SIGNED = {
  staff: 'k1:9e6f7b2bde78ff4c1c9dfb4346a19a9eb724ecb4826b91489a66d95329282a0f',
  staffByOlderKey: 'k0:5bff6103b733460148a3b7b3a826c281d01f5110adcfeb537d086fbae0c74ec2',
  user1: 'k1:c6927b5686a9d1e302bccf52502f6475e02481af6c9eb67d0b48c868d917108e',
  lobby: 'k1:0ae77a6249cc8c45f77fafba31ceda78dee4493c5f790745395610e49c4ab251',
};
/** Options under which they are good. */
export const KEYS = { channelKeys: { k1: 's3cret', k0: 'older' } };
