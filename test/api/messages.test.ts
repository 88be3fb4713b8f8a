/** Messages and relayed frames over HTTP: stored once, bound by the same rules, read back in pages. */
import { describe, expect, it } from 'vitest';
import { BASE } from '../../core/server/api/routes.ts';
import { startApiGateway } from '../support/api.ts';
import { connectRaw } from '../support/raw-client.ts';
import { speakers } from '../support/speakers.ts';
import { connectStomp, nextStomp } from '../support/stomp-wire.ts';

describe('messages', () => {
  it('are stored once under a client id, and refused under it with other content', async () => {
    await using gateway = await startApiGateway();
    const path = `${BASE}/namespaces/main/messages`;
    const body = { to: { type: 'user', id: 'bob' }, content: 'x'.repeat(9000), clientId: 'c1' };
    const first = (await gateway.api.call('POST', path, { body })).body;
    expect(first).toMatchObject({ duplicate: false, message: { from: { id: 'system', name: 'System' } } });
    const second = (await gateway.api.call('POST', path, { body })).body as { readonly message: unknown };
    expect(second).toEqual({ ...(first as object), duplicate: true });
    const other = await gateway.api.call('POST', path, { body: { ...body, content: 'y' } });
    expect(other.body).toMatchObject({ status: 409, code: 'duplicate_conflict' });
  });

  it.each([
    ['nobody', { from: 'nobody', to: { type: 'user', id: 'bob' } }, 404, 'recipient_unknown'],
    ['to nobody', { to: { type: 'user', id: 'nobody' } }, 404, 'recipient_unknown'],
    ['to no group', { to: { type: 'group', id: 'nowhere' } }, 404, 'group_unknown'],
    ['a stranger to a closed group', { from: 'frank', to: { type: 'group', id: 'staff' } }, 403, 'forbidden'],
    ['too long', { to: { type: 'user', id: 'bob' }, content: 'x'.repeat(10_001) }, 422, 'content_too_long'],
    ['half a character', { to: { type: 'user', id: 'bob' }, content: '\ud800' }, 400, 'frame_malformed'],
  ])('that are %s are refused', async (_what, body, status, code) => {
    await using gateway = await startApiGateway();
    const answer = await gateway.api.call('POST', `${BASE}/namespaces/main/messages`, {
      body: { content: 'hi', ...body },
    });
    expect(answer.body).toMatchObject({ status, code });
  });

  it('of the system reach closed groups, and wait for who is away', async () => {
    await using gateway = await startApiGateway();
    await gateway.api.main('POST', '/messages', {
      to: { type: 'group', id: 'staff' },
      content: 'to the staff',
    });
    await gateway.api.main('POST', '/messages', { to: { type: 'user', id: 'bob' }, content: 'to bob' });
    const bob = await connectRaw(await gateway.url('/ws/json', 'bob'));
    for (const content of ['to the staff', 'to bob'])
      expect((await bob.nextJson(({ type }) => type === 'message')).data).toMatchObject({ content });
  });

  it('are read back in pages, by sequence, in both kinds of conversation', async () => {
    await using gateway = await startApiGateway();
    const conversations = [
      [{ type: 'group', id: 'lobby' }, '/groups/lobby/messages'],
      [{ type: 'user', id: 'bob' }, '/users/bob/conversations/alice/messages'],
    ] as const;
    for (const [to, path] of conversations) {
      for (let index = 1; index <= 7; index++)
        await gateway.api.main('POST', '/messages', { from: 'alice', to, content: `m${index}` });
      const pages: string[][] = [];
      let before = '';
      for (;;) {
        const page = (await gateway.api.main('GET', `${path}?limit=3${before}`)) as {
          readonly messages: readonly { readonly content: string }[];
          readonly next?: number;
        };
        pages.push(page.messages.map(({ content }) => content));
        if (page.next === undefined) break;
        before = `&before=${page.next}`;
      }
      expect(pages).toEqual([['m5', 'm6', 'm7'], ['m2', 'm3', 'm4'], ['m1']]);
    }
  });

  it('that are taken back are gone from history', async () => {
    await using gateway = await startApiGateway();
    const { message } = (await gateway.api.main('POST', '/messages', {
      to: { type: 'user', id: 'bob' },
      content: 'oops',
    })) as { readonly message: { readonly id: string } };
    const bob = await speakers.json.enter(gateway, 'bob');
    await gateway.api.main('DELETE', `/messages/${message.id}`);
    await bob.nextJson(({ type }) => type === 'message_revoked');
    expect(await gateway.api.main('GET', '/users/bob/conversations/system/messages')).toEqual({
      messages: [],
    });
    const unknown = await gateway.api.call('DELETE', `${BASE}/namespaces/main/messages/nothing`);
    expect(unknown.body).toMatchObject({ status: 404, code: 'message_unknown' });
  });
});

describe('relayed frames', () => {
  it('reach the subscribers of a topic, and one consumer of a queue', async () => {
    const options = `    sockjs: true
    options:
      destinations:
        - { pattern: '/topic/{name}', kind: topic }
        - { pattern: '/queue/{name}', kind: queue }
`;
    await using gateway = await startApiGateway({
      edit: (yaml) => yaml.replace('    sockjs: true\n', options),
    });
    const relayed = { type: 'relayed', name: 'SEND', headers: [['x-unit', 'EUR']], body: '1.07' };
    await gateway.api.publish({ ...relayed, target: { type: 'queue', id: '/queue/work' }, ephemeral: false });
    const bob = await connectStomp(gateway, 'bob', ['/topic/prices', '/queue/work']);
    await nextStomp(bob, ({ headers, body }) => headers.destination === '/queue/work' && body === '1.07');
    await gateway.api.publish({ ...relayed, target: { type: 'topic', id: '/topic/prices' } });
    const frame = await nextStomp(bob, ({ headers }) => headers.destination === '/topic/prices');
    expect(frame).toMatchObject({ body: '1.07', headers: { 'x-unit': 'EUR' } });
  });

  it('to users and groups are not kept', async () => {
    await using gateway = await startApiGateway();
    const answer = await gateway.api.call('POST', `${BASE}/namespaces/main/events`, {
      body: { type: 'relayed', name: 'x', target: { type: 'user', id: 'bob' }, ephemeral: false },
    });
    expect(answer.body).toMatchObject({ status: 422, code: 'unsupported' });
  });
});
