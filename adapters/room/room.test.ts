import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Effect } from '../../core/dialect.ts';
import { ERRORS, type ErrorCode, GatewayError } from '../../core/errors.ts';
import { ERROR_CODES } from '../../core/session-kit.ts';
import { Command } from '../../schemas/command.ts';
import { Event } from '../../schemas/event.ts';
import { apply, connectionFor, faceOf } from '../../test/support/drive.ts';
import { roomDialect } from './index.ts';
import { memberOf, profileOf, userOf } from './mapping.ts';
import { codeOf } from './refusals.ts';
import {
  authenticated,
  BOB_USER,
  failed,
  GROUP,
  join,
  joinReply,
  MESSAGE,
  NOW,
  ONLY_KNOWN,
  ok,
  refusedWire,
  SAN,
  SAN_USER,
} from './vector-samples.ts';

type AnyEffect = Effect<unknown, unknown>;

const TOKEN = { credentials: [{ kind: 'token', token: 'good' }] } as const;

/** A server session of 张三 in the room E00001. */
function joined(id = 'c-1') {
  const face = faceOf(roomDialect, 'server', { connection: { ...TOKEN, id, identity: ONLY_KNOWN } });
  apply(face, { open: true });
  apply(face, { settle: 1, outcome: authenticated(SAN_USER) });
  apply(face, { wire: join() });
  apply(face, { settle: 2, outcome: ok({ type: 'joined', group: GROUP, user: SAN_USER, attending: [] }) });
  return face;
}

/** A client session that knows itself as 张三. */
function opened() {
  const { namespace: _namespace, ...user } = SAN_USER;
  const face = faceOf(roomDialect, 'client', { connection: { credentials: [{ kind: 'claim', user }] } });
  apply(face, { open: true });
  return face;
}

const routed = (effects: readonly AnyEffect[]) => effects.filter((effect) => effect.kind === 'route');

const base = { namespace: 'main' } as const;
const EVENTS: readonly Event[] = [
  { type: 'message', ...base, message: MESSAGE },
  { type: 'message', ...base, message: { ...MESSAGE, replyTo: 'm-0' } },
  { type: 'message', ...base, message: { ...MESSAGE, to: { type: 'user', id: 'bob' } } },
  { type: 'message', ...base, message: { ...MESSAGE, from: { ...BOB_USER, id: 'nobody' } } },
  { type: 'member_joined', ...base, group: GROUP, user: BOB_USER, at: NOW },
  { type: 'member_left', ...base, group: GROUP, user: BOB_USER, at: NOW },
  { type: 'member_left', ...base, group: GROUP, user: SAN_USER, at: NOW },
  { type: 'member_removed', ...base, group: GROUP, user: BOB_USER, reason: 'quit', at: NOW },
  { type: 'member_removed', ...base, group: GROUP, user: SAN_USER, reason: 'quit', at: NOW },
  { type: 'member_removed', ...base, group: { ...GROUP, id: 'E2' }, user: BOB_USER, reason: 'quit', at: NOW },
  { type: 'group_dissolved', ...base, group: GROUP, at: NOW },
  { type: 'group_announcement', ...base, group: GROUP, text: 'x', at: NOW },
  { type: 'session_replaced', ...base, user: SAN_USER },
];

describe('fan-out', () => {
  it('gives a key only where every session sends the same one frame and changes nothing', () => {
    const keys = EVENTS.map((event) => joined().session.fanoutKey?.(event));
    expect(keys).toEqual([
      'message',
      'message',
      undefined,
      undefined,
      'member_joined',
      'member_left',
      undefined,
      'member_removed',
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    EVENTS.forEach((event, index) => {
      if (keys[index] === undefined) return;
      const [first, second] = [joined('c-1'), joined('c-2')];
      const effects = apply(first, { deliver: event });
      expect(effects.filter((effect) => effect.kind !== 'lost').map((effect) => effect.kind)).toEqual([
        'send',
      ]);
      expect(apply(second, { deliver: event })).toEqual(effects);
      expect(apply(first, { deliver: event })).toEqual(effects);
    });
  });

  it("gives no key for a connection's own event", () => {
    const event: Event = { type: 'message', ...base, origin: 'c-1', message: MESSAGE };
    expect(joined('c-1').session.fanoutKey?.(event)).toBeUndefined();
    expect(joined('c-2').session.fanoutKey?.(event)).toBe('message');
  });
});

describe('refusals', () => {
  it('says every error in words that the client face reads back, in both locales', () => {
    for (const locale of ['en', 'zh-CN'] as const) {
      for (const code of ERROR_CODES) {
        const server = faceOf(roomDialect, 'server', { endpoint: { locale } });
        const [sent] = apply(server, { fail: new GatewayError(code, { fatal: null }) });
        if (sent?.kind !== 'send') throw new Error(`nothing was said about ${code}`);
        const wire = server.codec.encode(sent.frame);
        expect(wire).toBe(refusedWire(ERRORS[code][locale]));
        const client = opened();
        apply(client, { deliver: { type: 'join_group', group: 'E00001', exclusive: true }, ref: 1 });
        const answer = apply(client, { wire }).find((effect) => effect.kind === 'settled');
        expect(answer).toEqual({
          kind: 'settled',
          ref: 1,
          outcome: failed(code as ErrorCode, { fatal: null }),
        });
      }
    }
  });

  it('knows no code for the words of others, and quotes at most 200 units of them', () => {
    expect(codeOf('房间已满')).toBeUndefined();
    const client = opened();
    apply(client, { deliver: { type: 'join_group', group: 'E00001', exclusive: true }, ref: 1 });
    const [answer] = apply(client, { wire: refusedWire(`${'x'.repeat(199)}😀`) });
    const outcome = answer?.kind === 'settled' ? answer.outcome : undefined;
    if (outcome === undefined || outcome.ok) throw new Error('the join was not refused');
    expect(outcome.error.detail).toHaveLength(200);
    expect(outcome.error.detail?.isWellFormed()).toBe(true);
  });

  it('reports a refusal that answers nothing', () => {
    expect(() => apply(opened(), { wire: refusedWire('x') })).toThrow(GatewayError);
    expect(() => apply(opened(), { wire: refusedWire('未认证') })).toThrow(/未认证/);
  });
});

describe('both faces', () => {
  const readBack = (event: Event) => {
    const server = joined();
    const client = opened();
    const wires = apply(server, { deliver: event }).flatMap((effect) =>
      effect.kind === 'send' ? [server.codec.encode(effect.frame)] : [],
    );
    return wires.flatMap((wire) => routed(apply(client, { wire }))).map((effect) => effect.value as Event);
  };

  it('read back a message but for its second id and its place in the order', () => {
    const message = { ...MESSAGE, extensions: { room: { extendFields: { a: [1, null] } } } };
    const { clientId, ...rest } = message;
    const [event] = readBack({ type: 'message', ...base, message });
    expect(event).toEqual({ type: 'message', ...base, message: { ...rest, id: clientId, sequence: 1 } });
  });

  it('read back who came and who left but for the time', () => {
    for (const type of ['member_joined', 'member_left'] as const) {
      const [event] = readBack({ type, ...base, group: GROUP, user: BOB_USER, at: 1 });
      expect(event).toEqual({ type, ...base, group: GROUP, user: BOB_USER, at: NOW });
    }
  });

  it('read back a shutdown and a replacement', () => {
    expect(readBack({ type: 'going_away', ...base, reason: 'shutting_down', afterMs: 500 })).toEqual([
      { type: 'going_away', ...base, reason: 'shutting_down', afterMs: 0 },
    ]);
    expect(readBack({ type: 'session_replaced', ...base, user: SAN_USER })).toEqual([
      { type: 'session_replaced', ...base, user: SAN_USER },
    ]);
  });

  it('agree on any profile that fits the wire', () => {
    const name = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
    const member = fc.record(
      { id: name, nickName: name, personName: name, personNum: name, headImgUrl: name },
      { requiredKeys: ['id'] },
    );
    const { identity } = connectionFor();
    const around = { namespace: 'main', identity, now: () => NOW, newId: () => 'x' };
    fc.assert(
      fc.property(member, (value) => {
        const user = { namespace: 'main', ...profileOf(value, value.id) };
        const shown = memberOf(user, identity);
        expect(shown).toMatchObject(value);
        if (shown === undefined) return;
        // Filled-in names are stable: showing the read-back user again changes nothing.
        expect(memberOf(userOf(shown, around), identity)).toEqual(shown);
      }),
    );
  });

  it('read nothing of the other direction', () => {
    const server = faceOf(roomDialect, 'server');
    const client = faceOf(roomDialect, 'client');
    expect(() => [...server.codec.decode(joinReply({ newJoinMember: SAN }))]).toThrow(GatewayError);
    expect(() => [...client.codec.decode(join())]).toThrow(GatewayError);
    expect(() => client.session.receive({ type: 'heartbeat' })).toThrow(GatewayError);
  });
});

describe('hostile peers', () => {
  it('carry keys like __proto__ through and touch no prototype', () => {
    const server = joined();
    const wire =
      '{"msgType":3,"__proto__":{"x":1},"textData":{"dataType":3,"data":{"__proto__":{"id":"p"},"roomNumber":"E00001",' +
      '"content":"x","from":{"id":"__proto__","__proto__":{"nickName":"n"}}}},"extendFields":{"__proto__":{"y":1}}}';
    const [effect] = routed(apply(server, { wire }));
    const command = Command.parse(effect?.value);
    expect(command).toMatchObject({ type: 'send_message', claimedSender: '__proto__' });
    expect(command).not.toHaveProperty('clientId');
    expect(Object.keys({})).toEqual([]);
    expect(({} as Record<string, unknown>).y).toBeUndefined();
  });

  it('give commands and events of the canonical model, or a GatewayError, whatever they send', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('E00001', 'jk2', '', '未认证'));
    const leaf = fc.oneof(text, fc.constantFrom(null, 0, 1, -1, 2 ** 53, [], {}, true));
    const person = fc.oneof(
      leaf,
      fc.record({ id: leaf, nickName: leaf, headImgUrl: leaf }, { requiredKeys: [] }),
    );
    const fields = {
      from: person,
      id: leaf,
      roomNumber: leaf,
      number: leaf,
      content: leaf,
      contentType: leaf,
      createTime: leaf,
      name: leaf,
      owner: person,
      members: fc.oneof(leaf, fc.array(person)),
      newJoinMember: person,
      newLeaveMember: person,
    };
    const small = fc.integer({ min: 0, max: 6 });
    const textMsg = fc.record(
      {
        msgType: small,
        textData: fc.oneof(
          leaf,
          fc.record({ dataType: small, data: fc.record(fields, { requiredKeys: [] }) }),
        ),
        extendFields: leaf,
      },
      { requiredKeys: ['msgType'] },
    );
    const reply = fc.record({ status: fc.integer({ min: 0, max: 2 }), msg: leaf, resultBody: textMsg });
    const run = (face: ReturnType<typeof joined>, value: unknown, model: z.ZodType) => {
      try {
        for (const effect of routed(apply(face, { wire: JSON.stringify(value) }))) model.parse(effect.value);
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError);
      }
    };
    const claims = { endpoint: { authentication: 'none' } } as const;
    fc.assert(
      fc.property(textMsg, reply, (request, answer) => {
        run(joined(), request, Command);
        run(faceOf(roomDialect, 'server', claims), request, Command);
        run(opened(), answer, Event);
      }),
      { numRuns: 500 },
    );
  });

  it('cannot make more than 1,000 requests wait for an upstream server', () => {
    const client = opened();
    const ask = (ref: number) =>
      apply(client, { deliver: { type: 'join_group', group: `E${ref}`, exclusive: true }, ref });
    expect(ask(0).map((effect) => effect.kind)).toEqual(['send', 'timer']);
    for (let ref = 1; ref <= 1_000; ref++) expect(ask(ref)).toEqual([]);
    const [refusal] = ask(1_001);
    expect(refusal).toMatchObject({ kind: 'settled', ref: 1_001, outcome: { ok: false } });
  });

  it('get nothing for an outcome that nobody awaits', () => {
    expect(apply(joined(), { settle: 99, outcome: failed('internal') })).toEqual([]);
  });
});

describe('options', () => {
  const errorsOf = (options: unknown) =>
    roomDialect.options
      .safeParse(options)
      .error?.issues.map((issue) => [issue.path.join('.'), issue.message]);

  it('are the numbers of the source by default', () => {
    expect(roomDialect.options.parse({})).toEqual({
      msgTypes: { heartbeat: 1, init: 2, chat: 3, receipt: 4, friends: 5 },
      chatDataType: 3,
      heartbeatIntervalMs: 120_000,
      answerTimeoutMs: 10_000,
    });
  });

  it('refuse a number that has two meanings', () => {
    expect(errorsOf({ msgTypes: { chat: 2 } })).toEqual([['msgTypes', 'must be five different numbers']]);
    expect(errorsOf({ chatDataType: 1 })).toEqual([
      ['chatDataType', 'must differ from 1 (join) and 2 (leave)'],
    ]);
    expect(errorsOf({ msgtypes: {} })).toHaveLength(1);
  });

  it('are published with a description of each key', () => {
    const schema = z.toJSONSchema(roomDialect.options, { io: 'input' });
    for (const property of Object.values(schema.properties ?? {})) {
      expect(property).toHaveProperty('description');
    }
  });
});
