/** A reload: what did not change keeps every socket, what did change is taken over or says goodbye. */
import { describe, expect, it } from 'vitest';
import { SockJs } from '../real-clients/sockjs-client.ts';
import { type HookReply, hookServer, withHook } from '../support/hook-server.ts';
import { metricsOf } from '../support/metrics.ts';
import { connectRaw } from '../support/raw-client.ts';
import { type ReloadableGateway, startReloadable } from '../support/reload.ts';
import { hears, speakers } from '../support/speakers.ts';

const { json, ourchat, room, stomp } = speakers;
const hello = (id: string) => ({ user: 'alice', id, content: `hello ${id}` });

describe('a reload', () => {
  it('that changes nothing says so', async () => {
    await using gateway = await startReloadable();
    expect(await gateway.change((text) => `${text}\n# a remark\n`)).toMatchObject({ outcome: 'unchanged' });
  });

  it('brings an added endpoint into service, beside those whose clients notice nothing', async () => {
    await using gateway = await startReloadable();
    const alice = await json.enter(gateway, 'alice');
    await gateway.take((text) =>
      text.replace('\nendpoints:', '\nendpoints:\n  - { path: /ws/new, dialect: json, auth: demo }'),
    );
    const bob = await json.enter(gateway, 'bob', '/ws/new');
    json.say(alice, hello('m-1'));
    expect(await hears(json, bob, 'hello m-1')).toEqual({ from: 'alice', content: 'hello m-1' });
    json.say(bob, { user: 'bob', id: 'm-2', content: 'back' });
    await hears(json, alice, 'back');
  });

  it('that brings the first endpoint with integers gives users theirs, and whichever guests are there other ones', async () => {
    const JSON_ONLY = '\n  - { path: /open/json, dialect: json, auth: none, namespace: open }';
    const open = (text: string): string =>
      text
        .replace('\nendpoints:', `\nendpoints:${JSON_ONLY}`)
        .replace('\ngroups:', '\ngroups:\n  - { id: lobby, namespace: open, open: true }');
    await using gateway = await startReloadable({ edit: open });
    const guest = await connectRaw(`${gateway.ws}/open/json?token=30`);
    await guest.nextJson(({ type }) => type === 'auth_success');
    await gateway.take((text) =>
      text
        .replace(
          JSON_ONLY,
          `${JSON_ONLY}\n  - { path: /open/ourchat, dialect: ourchat, auth: none, namespace: open }`,
        )
        .replace('\nusers:', '\nusers:\n  - { id: carol, namespace: open, integer: 30 }'),
    );
    const { identities } = gateway.gateway.hub;
    expect(identities.integerOf('open', 'carol')).toBe(30);
    expect(identities.integerOf('open', '30')).toBeGreaterThanOrEqual(1_000_000_000);
    expect(identities.isDurable('open', '30')).toBe(false);
  });

  it('lets the clients of a removed endpoint go in their own words, and serves it no more', async () => {
    await using gateway = await startReloadable();
    const alice = await ourchat.enter(gateway, 'alice');
    const bob = await json.enter(gateway, 'bob');
    await gateway.take((text) => text.replace(/ {2}- path: \/ws\/ourchat\n[\s\S]*?lobby: lobby\n/, ''));
    expect((await alice.closed).code).toBe(1012);
    expect(alice.received.at(-1)).toMatch(/"type":"ERROR","code":1090/);
    await expect(connectRaw(await gateway.url('/ws/ourchat', 'alice'))).rejects.toThrow('404');
    json.say(bob, { user: 'bob', id: 'm-1', content: 'still here' });
    await bob.nextJson(({ type }) => type === 'ack');
  });

  it('replaces an endpoint whose dialect is set otherwise: its clients come back to the new one', async () => {
    await using gateway = await startReloadable();
    const alice = await room.enter(gateway, 'alice');
    const bob = await stomp.enter(gateway, 'bob');
    await gateway.take((text) => text.replace('dialect: room\n', 'dialect: room\n    locale: en\n'));
    expect((await alice.closed).code).toBe(1012);
    const again = await room.enter(gateway, 'alice');
    room.say(again, hello('m-1'));
    await hears(stomp, bob, 'hello m-1');
    const { body } = await fetch(`${gateway.http}/metrics`).then(async (r) => ({ body: await r.text() }));
    expect(body).toMatch(/^dragoman_connections_opened_total\{endpoint="\/ws\/room",dialect="room"\} 2$/m);
    expect(body).toMatch(/^dragoman_connections\{endpoint="\/ws\/room",dialect="room"\} 1$/m);
  });

  it('takes over what does not concern the sockets, for connections that are there too', async () => {
    await using gateway = await startReloadable();
    const alice = await json.enter(gateway, 'alice');
    await gateway.take((text) => `${text}\nlimits: { content: 5 }\n`);
    json.say(alice, hello('m-1'));
    const { data } = await alice.nextJson(({ type }) => type === 'error');
    expect(data).toMatchObject({ messageId: 'm-1' });
  });
});

describe('SockJS over HTTP', () => {
  const withSockJs = (text: string): string =>
    text.replace('  - path: /ws/json\n', '  - path: /ws/json\n    sockjs: true\n');
  const open = async (gateway: ReloadableGateway, transports: string) => {
    const url = `${gateway.http}/ws/json?token=${await gateway.token('alice')}`;
    const socket = new SockJs(url, undefined, { transports });
    const closed = Promise.withResolvers<number>();
    socket.onclose = ({ code }) => closed.resolve(code);
    await new Promise<void>((resolve) => {
      socket.onmessage = () => resolve();
    });
    return { socket, closed: closed.promise };
  };
  const TRANSPORTS = ['xhr-streaming', 'eventsource', 'xhr-polling'];

  it.each(TRANSPORTS)('a session of a removed endpoint hears its goodbye over %s', async (transports) => {
    await using gateway = await startReloadable({ edit: withSockJs });
    const alice = await open(gateway, transports);
    await gateway.take((text) => text.replace(/ {2}- path: \/ws\/json\n[\s\S]*?\n\n/, ''));
    expect(await alice.closed).toBe(1012);
    await gateway.gateway.hub.until(() => gateway.gateway.hub.retired.size === 0);
  });

  it.each(TRANSPORTS)('a session hears it over %s when SockJS is switched off', async (transports) => {
    await using gateway = await startReloadable({ edit: withSockJs });
    const alice = await open(gateway, transports);
    await gateway.take((text) => text.replace('    sockjs: true\n', ''));
    expect(await alice.closed).toBe(1012);
    await json.enter(gateway, 'alice');
  });

  it.each(TRANSPORTS)(
    'a session of a replaced endpoint hears it over %s, and the next one is served',
    async (t) => {
      await using gateway = await startReloadable({ edit: withSockJs });
      const alice = await open(gateway, t);
      await gateway.take((text) => text.replace('sockjs: true\n', 'sockjs: true\n    locale: en\n'));
      expect(await alice.closed).toBe(1012);
      const again = await open(gateway, t);
      again.socket.close();
    },
  );
});

describe('takes over', () => {
  const TOKENS = 'authenticators:\n  extra: { type: static, tokens: { token-of-frank: frank } }\n';

  it('authenticators: whoever is there stays, new logins are decided by the new ones', async () => {
    await using gateway = await startReloadable();
    const alice = await json.enter(gateway, 'alice');
    await gateway.take((text) =>
      text
        .replace('authenticators:\n', TOKENS)
        .replace('dialect: json\n    auth: demo', 'dialect: json\n    auth: extra'),
    );
    const frank = await connectRaw(`${gateway.ws}/ws/json?token=token-of-frank`);
    await frank.nextJson(({ type }) => type === 'auth_success');
    const bob = await connectRaw(await gateway.url('/ws/json', 'bob'));
    await bob.nextJson(({ type }) => type === 'auth_error');
    json.say(alice, hello('m-1'));
    await alice.nextJson(({ type }) => type === 'ack');
    // A changed token, under the same name.
    await gateway.take((text) => text.replace('token-of-frank', 'new-token-of-frank'));
    const stale = await connectRaw(`${gateway.ws}/ws/json?token=token-of-frank`);
    await stale.nextJson(({ type }) => type === 'auth_error');
    const fresh = await connectRaw(`${gateway.ws}/ws/json?token=new-token-of-frank`);
    await fresh.nextJson(({ type }) => type === 'auth_success');
  });

  it('origins', async () => {
    await using gateway = await startReloadable();
    const url = await gateway.url('/ws/json', 'alice');
    const options = { origin: 'https://chat.example.com' };
    await expect(connectRaw(url, [], options)).rejects.toThrow('403');
    await gateway.take((text) =>
      text.replace('dialect: json\n', 'dialect: json\n    origins: ["https://chat.example.com"]\n'),
    );
    await (await connectRaw(url, [], options)).nextJson(({ type }) => type === 'auth_success');
  });

  it('users, groups, members, mutes and blocks, and tells those concerned', async () => {
    await using gateway = await startReloadable();
    const alice = await json.enter(gateway, 'alice');
    const bob = await json.enter(gateway, 'bob');
    const dave = await json.enter(gateway, 'dave');
    await gateway.take((text) =>
      text
        .replace('    members: [alice, bob]\n', '    members: [alice, dave]\n    muted: [dave]\n')
        .replace('name: Alice,', 'name: Alicia,')
        .replace(
          '\ngroups:\n',
          '\nblocks: [{ user: alice, blocked: bob }]\ngroups:\n  - { id: club, name: Club, members: [alice, bob] }\n',
        ),
    );
    const { hub } = gateway.gateway;
    const say = (user: string, id: string, to: object) => ({
      type: 'message',
      data: { id, fromId: user, ...to, content: id },
    });
    const staff = { toId: 'staff', chatType: 'group' };
    bob.send(say('bob', 'out', staff));
    expect(await bob.nextJson(({ type }) => type === 'error')).toMatchObject({ data: { messageId: 'out' } });
    dave.send(say('dave', 'mute', staff));
    expect(await dave.nextJson(({ type }) => type === 'error')).toMatchObject({
      data: { messageId: 'mute' },
    });
    alice.send(say('alice', 'staff', staff));
    expect(await dave.nextJson(({ type }) => type === 'message')).toMatchObject({
      data: { content: 'staff' },
    });
    alice.send(say('alice', 'club', { toId: 'club', chatType: 'group' }));
    expect(await bob.nextJson(({ type }) => type === 'message')).toMatchObject({ data: { content: 'club' } });
    bob.send(say('bob', 'blocked', { toId: 'alice', chatType: 'single' }));
    expect(await bob.nextJson(({ type }) => type === 'error')).toMatchObject({
      data: { messageId: 'blocked' },
    });
    expect(hub.directory.find('main', 'alice')?.user.name).toBe('Alicia');
    // And all of it back again: what is no longer said holds no longer.
    await gateway.take((text) =>
      text
        .replace('    members: [alice, dave]\n    muted: [dave]\n', '    members: [alice, bob]\n')
        .replace(
          '\nblocks: [{ user: alice, blocked: bob }]\ngroups:\n  - { id: club, name: Club, members: [alice, bob] }\n',
          '\ngroups:\n',
        ),
    );
    expect(hub.groups.find('main', 'club')).toBeUndefined();
    bob.send(say('bob', 'unblocked', { toId: 'alice', chatType: 'single' }));
    expect(await bob.nextJson(({ type }) => type === 'ack')).toMatchObject({ data: { id: 'unblocked' } });
    bob.send(say('bob', 'back', staff));
    await bob.nextJson(({ type }) => type === 'ack');
  });

  it('nothing of what the backend has said otherwise', async () => {
    await using gateway = await startReloadable();
    await gateway.api.main('PUT', '/users/alice', { name: 'By the backend' });
    await gateway.api.main('PUT', '/groups/staff/members/carol');
    await gateway.take((text) =>
      text
        .replace('name: Alice,', 'name: By the file,')
        .replace('    members: [alice, bob]\n', '    members: [alice]\n'),
    );
    const { hub } = gateway.gateway;
    expect(hub.directory.find('main', 'alice')?.user.name).toBe('By the backend');
    const members = [...(hub.groups.find('main', 'staff')?.members.values() ?? [])].map(({ id }) => id);
    expect(members.toSorted()).toEqual(['alice', 'carol']);
  });

  it('hooks: the next message is not asked about, and one on its way is answered by whom it was asked', async () => {
    const answer = Promise.withResolvers<HookReply>();
    await using server = await hookServer(() => answer.promise);
    await using gateway = await startReloadable();
    const alice = await json.enter(gateway, 'alice');
    const before = gateway.file.text;
    await gateway.take(withHook(server.url, 'events: [before_message], onFailure: closed'));
    json.say(alice, hello('m-1'));
    await server.count(1);
    await gateway.take(() => before);
    const bob = await json.enter(gateway, 'bob');
    json.say(bob, { user: 'bob', id: 'm-2', content: 'unasked' });
    await bob.nextJson(({ type }) => type === 'ack');
    answer.resolve({ body: { action: 'refuse', code: 'forbidden', text: 'not today' } });
    const refusal = await alice.nextJson(({ type }) => type === 'error');
    expect(refusal).toMatchObject({ data: { messageId: 'm-1' } });
    expect(server.requests).toHaveLength(1);
    expect((await metricsOf(gateway)).text).not.toContain('dragoman_hook_breaker_state{hook="it"');
  });
});
