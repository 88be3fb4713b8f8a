/** What the vectors can't say: bytes on the wire, the fast path, and the way through both faces. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Face } from '../../core/dialect.ts';
import { ERRORS, errorText, GatewayError } from '../../core/errors.ts';
import { Command } from '../../schemas/command.ts';
import { Event, type EventOf } from '../../schemas/event.ts';
import { apply, faceOf } from '../../test/support/drive.ts';
import { jsonDialect } from './index.ts';
import { authenticated, GROUP, HONG, MING, messageEvent, SENT_AT, SINGLE, stored } from './vector-samples.ts';

type AnyFace = Face<unknown, unknown, unknown>;

interface Golden {
  readonly id: string;
  readonly direction: 'c2s' | 's2c';
  readonly wire: string;
}
const GOLDEN = readFileSync(new URL('../../test/golden/json.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Golden);
const golden = (id: string): string => GOLDEN.find((line) => line.id === `json/s2c/${id}`)?.wire ?? id;

/** A server face with a client who is logged in as `user`. */
function loggedIn(user = MING): AnyFace {
  const face = faceOf(jsonDialect, 'server');
  apply(face, { wire: '{"type":"auth","data":{"token":"t"}}' });
  apply(face, { settle: 1, outcome: authenticated(user) });
  return face;
}

const sentBy = (face: AnyFace, effects: ReturnType<typeof apply>) =>
  effects.flatMap((effect) => (effect.kind === 'send' ? [face.codec.encode(effect.frame)] : []));

const namespace = 'main';
const at = SENT_AT;
const SAID: readonly (readonly [string, Event])[] = [
  ['message', messageEvent(SINGLE)],
  ['message/group', messageEvent({ ...SINGLE, to: { type: 'group', id: 'group_001' } })],
  ['kick', { type: 'session_replaced', namespace, user: MING }],
  [
    'friend_request',
    { type: 'contact_requested', namespace, request: 'req_001', from: HONG, to: 'user_001', at },
  ],
  ['friend_accepted', { type: 'contact_accepted', namespace, contact: HONG, to: 'user_001', at }],
  [
    'message_revoked',
    {
      type: 'message_revoked',
      namespace,
      message: SINGLE.id,
      clientId: 'msg_uuid_001',
      from: MING,
      to: SINGLE.to,
      at,
    },
  ],
  [
    'message_revoked/group',
    {
      type: 'message_revoked',
      namespace,
      message: 'msg_uuid_001',
      from: MING,
      to: { type: 'group', id: 'group_001' },
      at,
    },
  ],
  ['group_member_quit', { type: 'member_removed', namespace, group: GROUP, user: HONG, reason: 'quit', at }],
  ['group_dissolved', { type: 'group_dissolved', namespace, group: GROUP, at }],
  ['group_transfer', { type: 'group_transferred', namespace, group: GROUP, newOwner: HONG, at }],
  ['group_member_mute', { type: 'member_muted', namespace, group: GROUP, user: HONG, muted: true, at }],
  [
    'group_member_mute/unmuted',
    { type: 'member_muted', namespace, group: GROUP, user: HONG, muted: false, at },
  ],
  [
    'group_announcement',
    { type: 'group_announcement', namespace, group: GROUP, text: '本周六下午 3 点团建', at },
  ],
  ['group_invite', { type: 'group_invited', namespace, group: GROUP, inviter: MING, to: 'user_001', at }],
];

describe('the source’s example frames', () => {
  it.each(GOLDEN.map((line) => [line.id, line] as const))('%s decodes', (_id, line) => {
    const { codec } = faceOf(jsonDialect, line.direction === 'c2s' ? 'server' : 'client');
    expect([...codec.decode(line.wire)]).toEqual([JSON.parse(line.wire)]);
  });

  it.each(SAID)('%s is sent byte for byte', (id, event) => {
    const face = loggedIn();
    expect(sentBy(face, apply(face, { deliver: event }))).toEqual([golden(id)]);
  });

  it('auth_success, auth_error, ack, error and pong are sent byte for byte', () => {
    const face = faceOf(jsonDialect, 'server');
    apply(face, { wire: '{"type":"auth","data":{"token":"t"}}' });
    expect(sentBy(face, apply(face, { settle: 1, outcome: authenticated(MING) }))).toEqual([
      golden('auth_success'),
    ]);
    apply(face, {
      wire: '{"type":"message","data":{"id":"msg_uuid_001","fromId":"user_001","toId":"user_002","chatType":"single","content":"x"}}',
    });
    expect(sentBy(face, apply(face, { settle: 2, outcome: stored(SINGLE) }))).toEqual([golden('ack')]);
    const limited = new GatewayError('rate_limited', { messageId: 'msg_uuid_001' });
    expect(sentBy(face, apply(face, { fail: limited }))).toEqual([golden('error')]);
    expect(sentBy(face, apply(face, { wire: '{"type":"ping"}' }))).toEqual([golden('pong')]);
    expect(sentBy(face, apply(face, { wire: 'ping' }))).toEqual(['pong']);
    expect(sentBy(face, apply(face, { fail: new GatewayError('token_invalid') }))).toEqual([
      golden('auth_error'),
    ]);
  });

  it('group_member_kick is sent byte for byte to the victim', () => {
    const face = loggedIn(HONG);
    const event: Event = {
      type: 'member_removed',
      namespace,
      group: GROUP,
      user: HONG,
      reason: 'kicked',
      at,
    };
    expect(sentBy(face, apply(face, { deliver: event }))).toEqual([golden('group_member_kick')]);
  });

  it.each([
    ['unauthenticated', 'error/unauthenticated'],
    ['field_missing', 'error/missing-fields'],
    ['content_too_long', 'error/too-long'],
    ['blocked', 'error/blocked'],
    ['muted', 'error/muted'],
    ['rate_limited', 'error/rate-limited'],
  ] as const)('the error %s is sent byte for byte', (code, id) => {
    const face = loggedIn();
    const error = new GatewayError(code, { messageId: 'msg_uuid_001', detail: 'not for the wire' });
    expect(sentBy(face, apply(face, { fail: error }))).toEqual([golden(id)]);
  });
});

describe('the fast path', () => {
  const removed: EventOf<'member_removed'> = {
    type: 'member_removed',
    namespace,
    group: GROUP,
    user: HONG,
    reason: 'kicked',
    at,
  };
  const key = (face: AnyFace, event: Event) => face.session.fanoutKey?.(event);

  it.each(SAID.filter(([id]) => !/^(kick|friend|group_invite)/.test(id)))(
    '%s has one key for all, and one send for it',
    (_id, event) => {
      const face = loggedIn();
      expect(key(face, event)).toBe('all');
      expect(key(loggedIn(HONG), event)).toBe('all');
      const effects = apply(face, { deliver: event });
      expect(effects.filter((effect) => effect.kind === 'send')).toHaveLength(1);
      expect(effects.every((effect) => effect.kind === 'send' || effect.kind === 'lost')).toBe(true);
    },
  );

  it('the sending connection has no key for its own message', () => {
    expect(key(loggedIn(), messageEvent(SINGLE, 'c-1'))).toBeUndefined();
    expect(key(loggedIn(), messageEvent(SINGLE, 'c-2'))).toBe('all');
  });

  it('the victim of a removal has a key of its own', () => {
    expect(key(loggedIn(HONG), removed)).toBe('kicked');
    expect(key(loggedIn(MING), removed)).toBe('all');
    expect(key(loggedIn(HONG), { ...removed, reason: 'quit' })).toBe('all');
  });

  it('what changes the session or cannot be said has no key', () => {
    const face = loggedIn();
    expect(key(face, { type: 'session_replaced', namespace, user: MING })).toBeUndefined();
    expect(key(face, { type: 'going_away', namespace, reason: 'shutting_down', afterMs: 0 })).toBeUndefined();
    expect(key(face, { type: 'presence_changed', namespace, user: HONG, online: true, at })).toBeUndefined();
  });

  it('a message from or to a user without an id on this wire has no key', () => {
    const identity = {
      toWire: (id: string) => (id === 'user_002' ? undefined : id),
      toCanonical: (id: string) => id,
    };
    const face = faceOf(jsonDialect, 'server', { connection: { identity } });
    apply(face, { wire: '{"type":"auth","data":{"token":"t"}}' });
    apply(face, { settle: 1, outcome: authenticated(MING) });
    expect(key(face, messageEvent(SINGLE))).toBeUndefined();
    expect(key(face, removed)).toBeUndefined();
  });
});

describe('both faces together', () => {
  const text = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 200 })
    .filter((value) => value.isWellFormed());
  const id = text.map((value) => value.slice(0, 64).toWellFormed());

  it('any message reaches the other face as it was', () => {
    fc.assert(
      fc.property(
        id,
        id,
        text,
        id,
        fc.boolean(),
        fc.option(id),
        (from, to, content, clientId, group, replyTo) => {
          const server = loggedIn();
          const client = faceOf(jsonDialect, 'client');
          apply(client, { wire: golden('auth_success') });
          const message = {
            ...SINGLE,
            clientId,
            from: { namespace, id: from, name: from },
            to: { type: group ? ('group' as const) : ('user' as const), id: to },
            content,
            ...(replyTo === null ? undefined : { replyTo }),
          };
          const [wire] = sentBy(server, apply(server, { deliver: messageEvent(message) }));
          const [effect] = apply(client, { wire: wire ?? '' });
          expect(effect?.kind === 'route' && effect.value).toMatchObject({
            type: 'message',
            message: { id: clientId, from: message.from, to: message.to, content, sentAt: message.sentAt },
          });
          expect(Event.safeParse(effect?.kind === 'route' && effect.value).success).toBe(true);
        },
      ),
    );
  });

  it('any text as a login, a message or a read gives valid commands or a GatewayError', () => {
    const field = fc.oneof(
      { weight: 12, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
      { weight: 1, arbitrary: fc.jsonValue() },
    );
    fc.assert(
      fc.property(
        fc.constantFrom('auth', 'message', 'read', 'ping'),
        fc.array(field, { minLength: 8, maxLength: 8 }),
        (type, values) => {
          const keys = ['id', 'fromId', 'toId', 'content', 'contentType', 'replyTo', 'imageUrl', 'token'];
          const data = Object.fromEntries(keys.map((key, index) => [key, values[index]]));
          const face = loggedIn();
          try {
            const wire = JSON.stringify({ type, data: { ...data, chatType: 'single', chatId: data.id } });
            for (const effect of apply(face, { wire })) {
              if (effect.kind === 'route') expect(Command.safeParse(effect.value).success).toBe(true);
            }
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(GatewayError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('every error text is read back as its code', () => {
    for (const code of Object.keys(ERRORS) as (keyof typeof ERRORS)[]) {
      for (const locale of ['zh-CN', 'en'] as const) {
        const client = faceOf(jsonDialect, 'client');
        apply(client, { wire: golden('auth_success') });
        apply(client, {
          deliver: {
            type: 'send_message',
            target: SINGLE.to,
            content: 'x',
            contentType: 'text',
            clientId: 'm1',
          },
          ref: 1,
        });
        const wire = JSON.stringify({
          type: 'error',
          data: { message: errorText(code, locale), messageId: 'm1' },
        });
        expect(apply(client, { wire })).toEqual([
          {
            kind: 'settled',
            ref: 1,
            outcome: { ok: false, error: new GatewayError(code, { fatal: null, messageId: 'm1' }) },
          },
        ]);
      }
    }
  });
});
