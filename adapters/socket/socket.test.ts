/** What the vectors can't say: bytes on the wire, the fast path, and the way through both faces. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Effect, Face } from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import { Command } from '../../schemas/command.ts';
import { Event } from '../../schemas/event.ts';
import { apply, faceOf } from '../../test/support/drive.ts';
import { socketDialect } from './index.ts';
import {
  ALICE,
  authenticated,
  BOB,
  CREDENTIALS,
  DIRECT,
  IN_LOBBY,
  INBOX,
  KEYS,
  LOBBY,
  messageEvent,
  namespace,
  SAID,
  SENT_AT,
  subscribe,
  subscribed,
} from './vectors/samples.ts';
import { SERVER_SCHEMAS } from './wire-schemas.ts';

type AnyFace = Face<unknown, unknown, unknown>;
type AnyEffect = Effect<unknown, unknown>;

interface Golden {
  readonly id: string;
  readonly direction: 'c2s' | 's2c';
  readonly wire: string;
}
const GOLDEN = readFileSync(new URL('../../test/golden/socket.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Golden);

/** A server face on which Alice is logged in and subscribed to the lobby and her inbox. */
function attending(id = 'c-1', user = ALICE): AnyFace {
  const face = faceOf(socketDialect, 'server', { connection: { ...CREDENTIALS, id } });
  apply(face, { open: true });
  apply(face, { settle: 1, outcome: authenticated(user) });
  apply(face, subscribe('group:lobby'));
  apply(face, { settle: 2, outcome: subscribed(IN_LOBBY) });
  apply(face, subscribe(`user:${user.id}`));
  apply(face, { settle: 3, outcome: subscribed({ type: 'user', id: user.id }) });
  return face;
}

function upstream(): AnyFace {
  const face = faceOf(socketDialect, 'client');
  apply(face, { open: true });
  apply(face, { wire: '{"event":"socket:connected","data":{"socket_id":"s1"}}' });
  return face;
}

const sentBy = (face: AnyFace, effects: readonly AnyEffect[]): string[] =>
  effects.flatMap((effect) => (effect.kind === 'send' ? [String(face.codec.encode(effect.frame))] : []));
const routedBy = (effects: readonly AnyEffect[]): unknown[] =>
  effects.flatMap((effect) => (effect.kind === 'route' ? [effect.value] : []));

describe('golden frames', () => {
  it.each(GOLDEN)('reads $id', ({ direction, wire }) => {
    const { codec } = faceOf(socketDialect, direction === 'c2s' ? 'server' : 'client');
    expect([...codec.decode(wire)]).toEqual([JSON.parse(wire)]);
  });

  it('says what the source says, byte for byte', () => {
    const face = faceOf(socketDialect, 'server', {
      endpoint: { options: { serverPing: true } },
      connection: { ...CREDENTIALS, newId: () => '1ba1b6cb-0127-48f8-b5a5-9fd79a7c68a6' },
    });
    const said = [
      ...sentBy(face, apply(face, { open: true })),
      ...sentBy(face, apply(face, { settle: 1, outcome: authenticated() })),
    ];
    const steps = [
      subscribe('group:lobby'),
      { settle: 2, outcome: subscribed(IN_LOBBY) },
      subscribe('group:lobby'),
      { wire: '{"event":"socket:unsubscribe","data":{"channel":"group:lobby"}}' },
      { settle: 3, outcome: { ok: true, result: { type: 'unsubscribed', target: IN_LOBBY } } },
      { wire: '{"event":"socket:unsubscribe","data":{"channel":"group:lobby"}}' },
      { wire: '{"event":"socket:ping","data":{"id":1}}' },
      { expire: 'ping' },
      { wire: '{"event":"socket:ping","data":{"id":2}}' },
    ] as const;
    for (const step of steps) said.push(...sentBy(face, apply(face, step)));
    expect(said).toEqual(GOLDEN.filter(({ direction }) => direction === 's2c').map(({ wire }) => wire));
  });
});

describe('a server that writes something where it has nothing to say', () => {
  const read = (frame: object): unknown[] => {
    const face = upstream();
    return routedBy(apply(face, { wire: JSON.stringify(frame) })).map((event) => ({ ...(event as object) }));
  };
  const from = { id: 'bob', name: 'Bob' };
  const timestamp = SENT_AT;
  const group = { id: 'lobby', name: 'Lobby', description: '', createdAt: 1, open: true };

  it.each<[string, object, object]>([
    [
      'null in a message',
      { event: 'message', channel: 'group:lobby', data: { id: 'm1', from, content: 'hi', timestamp } },
      { data: { to: null, replyTo: null, contentType: null, from: { ...from, avatar: null } } },
    ],
    [
      'empty ids in a message',
      { event: 'message', channel: 'group:lobby', data: { id: 'm1', from, content: 'hi', timestamp } },
      { data: { to: '', replyTo: '', contentType: '' } },
    ],
    [
      'null in a revocation',
      { event: 'message_revoked', channel: 'group:lobby', data: { id: 'm1', from, timestamp } },
      { data: { to: null } },
    ],
    [
      'an empty id of the message that was read',
      { event: 'message_read', channel: 'group:lobby', data: { reader: from, timestamp } },
      { data: { id: '' } },
    ],
    [
      'null in lists',
      { event: 'user_list', data: { group, online: [from], offline: [] } },
      { channel: null, data: { group: { ...group, owner: null }, online: [{ ...from, avatar: null }] } },
    ],
    [
      'an empty channel',
      { event: 'presence_changed', data: { user: from, online: true, timestamp } },
      { channel: '', data: {} },
    ],
  ])('is understood: %s', (_what, plain, more) => {
    const { data, ...rest } = more as { readonly data: object };
    const wordy = { ...plain, ...rest, data: { ...(plain as { readonly data: object }).data, ...data } };
    const events = read(plain);
    expect(events).toHaveLength(1);
    expect(read(wordy)).toEqual(events);
  });

  const decode = (frame: object): unknown => [...upstream().codec.decode(JSON.stringify(frame))][0];

  it('is understood in what is no event', () => {
    const connected = { event: 'socket:connected', data: { socket_id: 's1' } };
    expect(decode({ ...connected, data: { ...connected.data, heart: null } })).toEqual(connected);
    const error = { event: 'error', data: { code: 'muted', message: 'no' } };
    expect(decode({ ...error, data: { ...error.data, messageId: '' } })).toEqual(error);
  });

  it('keeps what we know nothing of as it is', () => {
    const trace = { a: 1, nothing: null, id: '', list: [null, { to: '' }] };
    const data = { id: 'm1', from: { ...from, trace }, content: 'hi', trace };
    const frame = { event: 'message', channel: 'group:lobby', data, trace };
    expect(decode(frame)).toEqual(frame);
  });

  it('is still asked for what is needed, and nothing of what members have published is touched', () => {
    expect(() => decode({ event: 'ack', data: { id: null, status: 'success' } })).toThrow(
      expect.objectContaining({ code: 'field_missing', detail: 'data/id' }),
    );
    const typing = { event: 'typing', channel: 'group:lobby', data: { id: '', to: null } };
    expect(decode(typing)).toEqual(typing);
  });
});

describe('broken subscriptions', () => {
  /** What core does with an error of the codec. */
  const failing = (face: AnyFace, wire: string): readonly AnyEffect[] => {
    try {
      return apply(face, { wire });
    } catch (thrown) {
      return thrown instanceof GatewayError ? face.session.fail(thrown) : [];
    }
  };

  it.each([
    ['{"event":"socket:subscribe"}', 'socket:subscribe.error', undefined],
    ['{"event":"socket:subscribe","data":{"channel":7}}', 'socket:subscribe.error', undefined],
    ['{"event":"socket:subscribe","data":{"channel":"c","auth":7}}', 'socket:subscribe.error', 'c'],
    ['{"event":"socket:unsubscribe","data":{"channel":""}}', 'socket:unsubscribe.error', undefined],
    ['{"event":"socket:unsubscribe","data":"c"}', 'socket:unsubscribe.error', undefined],
  ])(
    'are answered in their own form, so that a client that counts answers stays in step: %s',
    (wire, event, channel) => {
      const face = faceOf(socketDialect, 'server', { endpoint: { options: { echoChannel: true } } });
      const [answer] = sentBy(face, failing(face, wire));
      const data = { error: expect.any(String), ...(channel === undefined ? {} : { channel }) };
      expect(JSON.parse(answer ?? '')).toEqual({ event, data });
    },
  );

  it('leave nothing behind: the next broken frame is an ordinary error', () => {
    const face = faceOf(socketDialect, 'server');
    failing(face, '{"event":"socket:subscribe"}');
    for (const wire of ['not JSON', '{"event":"message","channel":"c"}', '[]']) {
      expect(sentBy(face, failing(face, wire))[0]).toContain('"event":"error"');
    }
  });
});

describe('fan-out', () => {
  const at = SENT_AT;
  const events: readonly Event[] = [
    messageEvent(SAID),
    messageEvent(DIRECT),
    messageEvent({ ...SAID, from: ALICE, to: { type: 'user', id: 'bob' } }),
    {
      type: 'relayed',
      namespace,
      id: 'r',
      target: IN_LOBBY,
      name: 'typing',
      headers: [],
      body: '1',
      ephemeral: true,
    },
    {
      type: 'relayed',
      namespace,
      id: 'r',
      target: IN_LOBBY,
      name: 'ack',
      headers: [],
      body: '1',
      ephemeral: true,
    },
    {
      type: 'relayed',
      namespace,
      id: 'r',
      target: INBOX,
      name: 'x',
      headers: [],
      body: new Uint8Array(1),
      ephemeral: true,
    },
    { type: 'member_joined', namespace, group: LOBBY, user: BOB, at },
    { type: 'member_left', namespace, group: LOBBY, user: BOB, at },
    { type: 'presence_changed', namespace, user: BOB, online: true, at },
    { type: 'group_dissolved', namespace, group: LOBBY, at },
    { type: 'session_replaced', namespace, user: ALICE },
  ];

  it.each(events)(
    'gives connections with one key for $type the same bytes, and a key only for exactly one send',
    (event) => {
      const bytes = new Map<string, string>();
      const listeners = [
        () => attending('c-1'),
        () => attending('c-2'),
        () => attending('c-3', BOB),
        () => {
          const face = attending('c-4');
          apply(face, subscribe('news'));
          return face;
        },
        () => faceOf(socketDialect, 'server'),
      ];
      for (const listener of listeners) {
        const face = listener();
        const key = face.session.fanoutKey?.(event);
        if (key === undefined) continue;
        const effects = face.session.deliver(event);
        const [said, ...more] = sentBy(face, effects);
        expect(more).toEqual([]);
        expect(effects.filter(({ kind }) => kind !== 'send' && kind !== 'lost')).toEqual([]);
        expect(said).toBe(bytes.get(key) ?? said);
        bytes.set(key, said ?? '');
      }
    },
  );

  it('has a key for group messages, and none for the origin, which gets no copy', () => {
    const face = attending();
    expect(face.session.fanoutKey?.(messageEvent(SAID))).toBe('group:lobby');
    expect(face.session.fanoutKey?.(messageEvent(SAID, 'c-1'))).toBeUndefined();
    expect(
      face.session.fanoutKey?.(messageEvent({ ...SAID, to: { type: 'group', id: 'staff' } })),
    ).toBeUndefined();
  });

  it('has no key where one connection has two names for the group', () => {
    const endpoint = {
      options: {
        channels: [
          { pattern: 'a.{id}', target: 'group' },
          { pattern: 'b.{id}', target: 'group' },
        ],
      },
    };
    const face = faceOf(socketDialect, 'server', { endpoint, connection: CREDENTIALS });
    apply(face, { open: true });
    apply(face, { settle: 1, outcome: authenticated() });
    apply(face, subscribe('a.lobby'));
    apply(face, { settle: 2, outcome: subscribed(IN_LOBBY) });
    expect(face.session.fanoutKey?.(messageEvent(SAID))).toBe('a.lobby');
    apply(face, subscribe('b.lobby'));
    expect(face.session.fanoutKey?.(messageEvent(SAID))).toBeUndefined();
    expect(sentBy(face, face.session.deliver(messageEvent(SAID)))).toHaveLength(2);
  });
});

describe('through both faces', () => {
  const content = fc.oneof(
    fc.string({ minLength: 1, unit: 'grapheme' }),
    fc.constantFrom(
      ' ',
      '\0',
      '\r\n',
      '"',
      '__proto__',
      '9007199254740992',
      '\u202eabc',
      '😀'.repeat(10_000),
    ),
  );
  const id = fc
    .string({ minLength: 1, maxLength: 40, unit: 'grapheme' })
    .filter((text) => text.length <= 200);

  it('a message survives, whatever is in it', () => {
    fc.assert(
      fc.property(content, id, fc.boolean(), (text, clientId, toGroup) => {
        const server = attending();
        const message = { ...(toGroup ? SAID : DIRECT), content: text, clientId, replyTo: clientId };
        const [wire = ''] = sentBy(server, server.session.deliver(messageEvent(message)));
        const [event] = routedBy(apply(upstream(), { wire }));
        const { clientId: _, ...rest } = message;
        expect(Event.parse(event)).toEqual(messageEvent({ ...rest, id: clientId, sequence: 1 }));
      }),
    );
  });

  it('a command survives, whatever is in it', () => {
    fc.assert(
      fc.property(content, id, (text, clientId) => {
        const command: Command = {
          type: 'send_message',
          target: { type: 'group', id: 'lobby' },
          content: text,
          contentType: 'text',
          clientId,
          replyTo: clientId,
        };
        const client = upstream();
        const [wire = ''] = sentBy(client, client.session.deliver(command, 1));
        const [value] = routedBy(apply(attending(), { wire }));
        expect(Command.parse(value)).toEqual(command);
      }),
    );
  });

  it('a relay of this dialect survives, whatever its data', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 20 }), (data) => {
        const wire = JSON.stringify({ event: 'e', channel: 'group:lobby', data });
        const [relay] = routedBy(apply(attending(), { wire }));
        const { type: _, ...rest } = Command.parse(relay) as Extract<Command, { type: 'relay' }>;
        const server = attending();
        const event: Event = { type: 'relayed', namespace, id: 'r', ...rest };
        expect(sentBy(server, server.session.deliver(event))).toEqual([wire]);
        expect(routedBy(apply(upstream(), { wire }))).toEqual([expect.objectContaining({ body: rest.body })]);
      }),
    );
  });

  it('data as deep as the codec takes it comes out as deep', () => {
    const data = '['.repeat(31) + ']'.repeat(31);
    const wire = `{"event":"e","channel":"group:lobby","data":${data}}`;
    const server = attending();
    const [relay] = routedBy(apply(attending(), { wire })) as [Extract<Command, { type: 'relay' }>];
    const { type: _, ...rest } = relay;
    expect(sentBy(server, server.session.deliver({ type: 'relayed', namespace, id: 'r', ...rest }))).toEqual([
      wire,
    ]);
  });
});

describe('hostile input', () => {
  const names = [
    'socket:subscribe',
    'socket:unsubscribe',
    'socket:ping',
    'socket:pong',
    'message',
    'typing',
    '__proto__',
  ];
  const frame = fc.oneof(
    fc.json({ maxDepth: 4 }),
    fc.string(),
    fc
      .record({
        event: fc.oneof(fc.constantFrom(...names, ...Object.keys(SERVER_SCHEMAS)), fc.string()),
        channel: fc.oneof(
          fc.constantFrom('group:lobby', 'user:alice', 'user:bob', 'user:', 'news'),
          fc.jsonValue(),
        ),
        data: fc.oneof(
          fc.record(
            { channel: fc.oneof(fc.string(), fc.jsonValue()), auth: fc.jsonValue() },
            { requiredKeys: [] },
          ),
          fc.record(
            { id: fc.jsonValue(), content: fc.oneof(fc.string(), fc.jsonValue()) },
            { requiredKeys: [] },
          ),
          fc.jsonValue(),
        ),
      })
      .map((value) => JSON.stringify(value)),
  );

  it.each([
    ['server', () => attending()],
    ['client', () => upstream()],
  ] as const)(
    'gives the %s face effects or a GatewayError, and only canonical values go on',
    (name, make) => {
      const face = make();
      const Canonical = name === 'server' ? Command : Event;
      fc.assert(
        fc.property(frame, (wire) => {
          try {
            for (const value of routedBy(apply(face, { wire }))) Canonical.parse(value);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(GatewayError);
          }
        }),
        { numRuns: 2000 },
      );
    },
  );

  it('never hears of a secret or of a key', () => {
    const face = faceOf(socketDialect, 'server', { endpoint: { options: KEYS }, connection: CREDENTIALS });
    apply(face, { open: true });
    apply(face, { settle: 1, outcome: authenticated() });
    for (const auth of ['', 'k1', 'k1:', 'k0:00', `k1:${'0'.repeat(64)}`, 'k9:x']) {
      const said = sentBy(face, apply(face, subscribe('private-user.1', auth))).join();
      expect(said).toContain('socket:subscribe.error');
      for (const secret of ['s3cret', 'older', 'k0', 'k1']) expect(said).not.toContain(secret);
    }
  });
});
