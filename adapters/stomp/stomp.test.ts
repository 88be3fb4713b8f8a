/** What the vectors can't say: both faces talking to each other, and fan-out keys. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Effect, Outcome } from '../../core/dialect.ts';
import { ERRORS, type ErrorCode, GatewayError } from '../../core/errors.ts';
import type { Command } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Message } from '../../schemas/model.ts';
import { apply, faceOf } from '../../test/support/drive.ts';
import { stompDialect } from './index.ts';

type AnyEffect = Effect<unknown, unknown>;
const ALICE = { namespace: 'main', id: 'alice', name: 'alice' } as const;
const DONE = { type: 'done' } as const;
const OK: Outcome = { ok: true, result: DONE };

/** A client face logged in at a server face, every frame passed on as bytes. */
class Pair {
  readonly server;
  readonly client;
  /** Routed by the server face and not yet settled; routed by the client face; answers to its commands. */
  readonly commands: { readonly ref: number; readonly value: Command }[] = [];
  readonly events: Event[] = [];
  readonly answers = new Map<number, Outcome>();
  readonly closed: string[] = [];

  constructor(options: object = {}) {
    const endpoint = { options };
    this.server = faceOf(stompDialect, 'server', { endpoint });
    this.client = faceOf(stompDialect, 'client', {
      endpoint,
      connection: { credentials: [{ kind: 'token', token: 'T' }] },
    });
    this.#fromServer(this.server.session.open());
    this.#fromClient(this.client.session.open());
    this.settle({ ok: true, result: { type: 'authenticated', user: ALICE, anonymous: false } });
    this.settleAll();
    this.events.length = 0;
  }

  #fromServer(effects: readonly AnyEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'route') this.commands.push({ ref: effect.ref, value: effect.value as Command });
      if (effect.kind === 'close') this.closed.push(`server ${effect.reason}`);
      if (effect.kind !== 'send') continue;
      this.#fromClient(apply(this.client, { wire: this.server.codec.encode(effect.frame) }));
    }
  }

  #fromClient(effects: readonly AnyEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'route') this.events.push(effect.value as Event);
      if (effect.kind === 'settled') this.answers.set(effect.ref, effect.outcome);
      if (effect.kind === 'close') this.closed.push(`client ${effect.reason}`);
      if (effect.kind !== 'send') continue;
      this.#fromServer(apply(this.server, { wire: this.client.codec.encode(effect.frame) }));
    }
  }

  command(value: Command, ref: number): readonly Command[] {
    this.#fromClient(this.client.session.deliver(value, ref));
    return this.commands.map((command) => command.value);
  }

  event(value: Event): readonly Event[] {
    this.events.length = 0;
    this.#fromServer(this.server.session.deliver(value));
    return [...this.events];
  }

  settle(outcome: Outcome): void {
    const next = this.commands.shift();
    if (next !== undefined) this.#fromServer(this.server.session.settle(next.ref, outcome));
  }

  settleAll(): void {
    while (this.commands.length > 0) this.settle(OK);
  }
}

const inGroup = { type: 'group', id: 'lobby' } as const;
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((value) => value.isWellFormed() && value.length <= 256);
const wireText = text.filter((value) => !value.includes('\0'));
const url = fc.webUrl();

const attachment = fc.record({ url, name: text, size: fc.nat() }, { requiredKeys: ['url'] });

const said = fc.record(
  {
    content: text,
    contentType: fc.constantFrom('text', 'image', 'file', 'location', 'TEXTUAL', 'x-own'),
    replyTo: text,
    attachment,
  },
  { requiredKeys: ['content', 'contentType'] },
);

describe('both faces', () => {
  test('say a message the same way to the server and back', () => {
    fc.assert(
      fc.property(said, text, (fields, clientId) => {
        const pair = new Pair();
        const command = {
          type: 'send_message',
          target: { type: 'user', id: 'bob' },
          clientId,
          ...fields,
        } as const;
        const [routed] = pair.command(command, 1);
        expect(routed).toEqual({ ...command, ...withUrlAsAttachment(fields) });
        pair.settle(OK);
        expect(pair.answers.get(1)).toMatchObject({ ok: true, result: { type: 'stored', duplicate: false } });

        const message: Message = {
          id: clientId,
          namespace: 'main',
          sequence: 1,
          from: { namespace: 'main', id: 'bob', name: 'bob' },
          to: { type: 'user', id: 'alice' },
          sentAt: 5,
          ...fields,
        };
        const [heard] = pair.event({ type: 'message', namespace: 'main', message });
        expect(heard).toEqual({
          type: 'message',
          namespace: 'main',
          message: { ...message, ...withUrlAsAttachment(fields) },
        });
      }),
    );
  });

  test('say every error code of a refused message', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const pair = new Pair();
      pair.command({ type: 'send_message', target: inGroup, content: 'x', contentType: 'text' }, 1);
      pair.settle({ ok: false, error: new GatewayError(code, { fatal: null }) });
      const answer = pair.answers.get(1);
      expect(answer?.ok === false && answer.error.code, code).toBe(code);
      expect(pair.closed, code).toHaveLength(2);
    }
  });

  test('relay headers and bodies of any kind unchanged', () => {
    const options = {
      destinations: [
        { pattern: '/topic/{n}', kind: 'topic' },
        { pattern: '/queue/{n}', kind: 'queue' },
      ],
      upstream: { chat: false },
    };
    const hop = ['destination', 'receipt', 'receipt-id', 'transaction', 'content-length', 'subscription'];
    const own = [...hop, 'message-id', 'ack', 'redelivered', 'content-type'];
    const headers = fc.uniqueArray(
      fc.tuple(
        wireText.filter((name) => !own.includes(name)),
        wireText,
      ),
      { maxLength: 5, selector: ([name]) => name },
    );
    const body = fc.oneof(
      fc.string({ unit: 'grapheme' }).filter((value) => value.isWellFormed()),
      fc.uint8Array({ maxLength: 50 }).map((bytes) => Uint8Array.of(...bytes, 0xfe)),
    );
    fc.assert(
      fc.property(headers, body, fc.constantFrom('topic', 'queue'), (list, content, kind) => {
        const pair = new Pair(options);
        const target = { type: kind, id: `/${kind}/x` } as const;
        pair.command({ type: 'subscribe', target }, 1);
        pair.settle({ ok: true, result: { type: 'subscribed', target } });
        expect(pair.answers.get(1)).toEqual({ ok: true, result: { type: 'subscribed', target } });

        const sent = [['content-type', 'a/b'], ...list] as const;
        const relay = { type: 'relay', target, name: 'SEND', headers: sent, body: content } as const;
        const ephemeral = kind === 'topic';
        const [routed] = pair.command({ ...relay, ephemeral }, 2);
        // A general broker is asked to keep what is to be kept.
        const kept = ephemeral ? sent : [['persistent', 'true'], ...sent];
        expect(routed).toEqual({ ...relay, headers: kept, ephemeral });
        pair.settle(OK);
        expect(pair.answers.get(2)).toEqual(OK);

        const delivery = kind === 'queue' ? { delivery: 'q-1', redelivered: true } : {};
        const event = {
          ...relay,
          type: 'relayed',
          namespace: 'main',
          id: 'r-1',
          ephemeral,
          ...delivery,
        } as const;
        const [heard] = pair.event(event);
        expect(heard).toMatchObject({ type: 'relayed', target, headers: sent, body: content, ephemeral });
        if (heard?.type !== 'relayed' || heard.delivery === undefined) return;
        const reference = { kind: 'queue', queue: target.id, delivery: heard.delivery } as const;
        const settled = pair.command(
          { type: 'settle_delivery', deliveries: [reference], accepted: false },
          3,
        );
        expect(settled).toEqual([
          {
            type: 'settle_delivery',
            deliveries: [{ kind: 'queue', queue: target.id, delivery: 'q-1' }],
            accepted: false,
          },
        ]);
        pair.settle(OK);
        expect(pair.answers.get(3)).toEqual(OK);
      }),
    );
  });

  test('say a batch, a revocation, a sync and a goodbye', () => {
    const pair = new Pair();
    const item = {
      type: 'send_message',
      target: inGroup,
      content: 'x',
      contentType: 'text',
      clientId: 'm',
    } as const;
    const items = [item, { type: 'revoke_message', message: 'm-0' }] as const;
    expect(pair.command({ type: 'send_batch', items }, 1)).toEqual([{ type: 'send_batch', items }]);
    pair.settle({ ok: true, result: { type: 'batch_stored', stored: [] } });
    expect(pair.answers.get(1)).toMatchObject({ ok: true, result: { type: 'batch_stored' } });
    expect(pair.command({ type: 'revoke_message', message: 'm-1' }, 2)).toEqual([
      { type: 'revoke_message', message: 'm-1' },
    ]);
    pair.settle(OK);
    expect(pair.command({ type: 'sync' }, 3)).toEqual([{ type: 'sync' }]);
    pair.settle({ ok: true, result: { type: 'synced', count: 0 } });
    expect(pair.answers.get(3)).toEqual({ ok: true, result: { type: 'synced', count: 0 } });
    expect(pair.command({ type: 'disconnect' }, 4)).toEqual([{ type: 'disconnect' }]);
    pair.settle(OK);
    expect(pair.answers.get(4)).toEqual(OK);
    expect(pair.closed).toEqual(['client normal', 'server normal']);
  });
});

/** On this wire a media message whose content is a URL has that URL for its attachment. */
function withUrlAsAttachment(fields: { content: string; contentType: string; attachment?: object }): object {
  const media = fields.contentType === 'image' || fields.contentType === 'file';
  const isUrl = /^(?:https?:\/\/|\/)\S*$/.test(fields.content);
  return media && isUrl && fields.attachment === undefined ? { attachment: { url: fields.content } } : {};
}

describe('fan-out keys', () => {
  const message: Event = {
    type: 'message',
    namespace: 'main',
    message: {
      id: 'm',
      namespace: 'main',
      sequence: 1,
      from: { namespace: 'main', id: 'bob', name: 'bob' },
      to: inGroup,
      content: 'x',
      contentType: 'text',
      sentAt: 5,
    },
  };

  function subscribed(frames: readonly string[], version = '1.2') {
    const face = faceOf(stompDialect, 'server');
    const run = (wire: string) => {
      for (const effect of apply(face, { wire })) {
        if (effect.kind !== 'route') continue;
        const { type } = effect.value as Command;
        const result =
          type === 'authenticate'
            ? ({ type: 'authenticated', user: ALICE, anonymous: false } as const)
            : DONE;
        apply(face, { settle: effect.ref, outcome: { ok: true, result } });
      }
    };
    run(`CONNECT\naccept-version:${version}\ntoken:T\n\n\0`);
    for (const frame of frames) run(`SUBSCRIBE\n${frame}\n\n\0`);
    return face.session.fanoutKey?.(message);
  }

  const lobby = 'destination:/topic/group/lobby';

  test('are equal for equal subscriptions, and tell apart id and version', () => {
    const key = subscribed([`id:1\n${lobby}`]);
    expect(key).toBeDefined();
    expect(subscribed([`id:1\n${lobby}`, 'id:2\ndestination:/user/queue/messages'])).toBe(key);
    expect(subscribed([`id:2\n${lobby}`])).not.toBe(key);
    expect(subscribed([`id:1\n${lobby}`], '1.1')).not.toBe(key);
  });

  test('are absent where a delivery is more than one frame for all', () => {
    expect(subscribed([])).toBeUndefined();
    expect(subscribed([`id:1\n${lobby}`, `id:2\n${lobby}`])).toBeUndefined();
    expect(subscribed([`id:1\n${lobby}\nack:client`])).toBeUndefined();
  });
});
