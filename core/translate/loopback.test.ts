import { describe, expect, it } from 'vitest';
import { dialects } from '../../adapters/index.ts';
import type { Command } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import { toyDialect } from '../../test/fixtures/toy/index.ts';
import { hubAnswer } from './hub-answers.ts';
import { CONNECTION_ID, type LoopbackOptions, openLoopback } from './loopback.ts';
import { ALICE, LOBBY, textMessage } from './sample-nouns.ts';
import { countedIds, TOKEN } from './stand-ins.ts';
import { prepare } from './trip.ts';

const every = [...dialects, toyDialect].map((dialect) => ({ id: dialect.id, dialect }));

describe.each(every)('$id, back to back', ({ dialect }) => {
  const open = (more: Partial<LoopbackOptions> = {}) => {
    const commands: Command[] = [];
    const events: Event[] = [];
    const newId = countedIds();
    const loopback = openLoopback({
      dialect,
      user: ALICE,
      onCommand(command) {
        commands.push(command);
        return hubAnswer(command, { user: ALICE, connectionId: CONNECTION_ID, groups: new Set(), newId });
      },
      onEvent: (event) => events.push(event),
      ...more,
    });
    return { loopback, commands, events };
  };

  it('logs in by its own words, until both faces are ready', () => {
    const { loopback, commands } = open();
    expect(loopback.ready).toEqual({ client: true, server: true });
    expect(loopback.closed).toBe(false);
    const logins = commands.filter(({ type }) => type === 'authenticate');
    expect(logins).toEqual([{ type: 'authenticate', credentials: [{ kind: 'token', token: TOKEN }] }]);
    expect(loopback.login.filter(({ kind }) => kind === 'failed')).toEqual([]);
  });

  it('brings a message to the lobby up, and settles it', () => {
    const { loopback } = prepare({ dialect, user: ALICE, attends: [LOBBY] });
    const happened = loopback.deliver(
      'to-server',
      { type: 'send_message', target: LOBBY, content: 'hello', contentType: 'text', claimedSender: ALICE.id },
      7,
    );
    const routed = happened.flatMap((each) =>
      each.kind === 'routed' && each.by === 'server' ? [each.value] : [],
    );
    expect(routed).toMatchObject([{ type: 'send_message', target: LOBBY, content: 'hello' }]);
    const settled = happened.flatMap((each) => (each.kind === 'settled' ? [each] : []));
    expect(settled).toMatchObject([{ ref: 7, outcome: { ok: true, result: { type: 'stored' } } }]);
  });

  it('brings a message to the lobby down', () => {
    const { loopback } = prepare({ dialect, user: ALICE, attends: [LOBBY] });
    const happened = loopback.deliver('to-client', {
      type: 'message',
      namespace: 'main',
      message: textMessage({}),
    });
    const heard = happened.flatMap((each) =>
      each.kind === 'routed' && each.by === 'client' ? [each.value] : [],
    );
    expect(heard).toMatchObject([
      { type: 'message', message: { content: textMessage({}).content, to: LOBBY } },
    ]);
  });

  it('opens one face alone, which then waits for a login', () => {
    const { loopback, commands } = open({ alone: 'server', credentials: [] });
    expect(loopback.ready.server).toBe(false);
    expect(commands).toEqual([]);
  });

  it('gives broken wire messages back to the face, and never throws', () => {
    const { loopback } = open();
    for (const wire of ['', '{', '\0', '{"type":1}', Uint8Array.of(255, 0)]) {
      expect(() => [loopback.inject('to-server', wire), loopback.inject('to-client', wire)]).not.toThrow();
    }
  });

  it('is the same twice', () => {
    expect(open().loopback.login).toEqual(open().loopback.login);
  });
});

it('stops two faces that answer each other without end', () => {
  const echo = {
    ...toyDialect,
    client: () => () => ({
      codec: { decode: () => ['frame'], encode: () => 'wire' },
      session: {
        open: () => [{ kind: 'send', frame: 'frame' }],
        receive: () => [{ kind: 'send', frame: 'frame' }],
        deliver: () => [],
        settle: () => [],
        fail: () => [],
        expire: () => [],
      },
    }),
  };
  const dialect = { ...echo, server: echo.client } as unknown as typeof toyDialect;
  const loopback = openLoopback({
    dialect,
    user: ALICE,
    onCommand: () => ({ outcome: { ok: true, result: { type: 'done' } }, events: [] }),
  });
  expect(loopback.login.at(-1)).toMatchObject({ kind: 'failed', error: { code: 'internal' } });
});

describe.each(every.filter(({ dialect }) => dialect !== toyDialect))(
  '$id, where nobody checks',
  ({ dialect }) => {
    it('logs in by a claim, at the latest with its first message', () => {
      const logins: Command[] = [];
      const newId = countedIds();
      const loopback = openLoopback({
        dialect,
        user: ALICE,
        authentication: 'none',
        onCommand(command) {
          if (command.type === 'authenticate') logins.push(command);
          return hubAnswer(command, { user: ALICE, connectionId: CONNECTION_ID, groups: new Set(), newId });
        },
      });
      loopback.deliver('to-server', {
        type: 'send_message',
        target: LOBBY,
        content: 'hello',
        contentType: 'text',
        claimedSender: ALICE.id,
      });
      expect(loopback.ready).toEqual({ client: true, server: true });
      expect(logins).toHaveLength(1);
      expect(logins).toMatchObject([{ credentials: [{ kind: 'claim', user: { id: ALICE.id } }] }]);
    });
  },
);
