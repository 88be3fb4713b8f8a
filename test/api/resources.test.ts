/** Users, groups and members over HTTP: as they are, and page by page. */
import { describe, expect, it } from 'vitest';
import { BASE } from '../../core/server/api/routes.ts';
import { apiYaml, everyPage, type Page, startApiGateway } from '../support/api.ts';
import { speakers } from '../support/speakers.ts';

describe('users', () => {
  it('are made, read and changed, and clients see the new name', async () => {
    await using gateway = await startApiGateway();
    const profile = { name: 'Zoë', avatar: '/z.png', extensions: { x: { rank: [1, null] } } };
    expect(await gateway.api.main('PUT', '/users/zoe', profile)).toEqual({
      id: 'zoe',
      ...profile,
      online: false,
      connections: 0,
    });
    const bob = await speakers.json.enter(gateway, 'bob');
    await gateway.api.main('PUT', '/users/alice', { name: 'Alice the Second' });
    await gateway.api.publish({ type: 'contact_requested', request: 'r', from: 'alice', to: 'bob' });
    expect(await bob.nextJson()).toMatchObject({ data: { fromName: 'Alice the Second' } });
    expect(await gateway.api.main('GET', '/users/bob')).toMatchObject({ online: true, connections: 1 });
    expect((await gateway.api.call('GET', `${BASE}/namespaces/main/users/nobody`)).body).toMatchObject({
      status: 404,
      code: 'recipient_unknown',
    });
  });

  it('are listed page by page, in the order of their ids, however many a page has', async () => {
    await using gateway = await startApiGateway({ api: apiYaml('  limits: { page: 5 }\n') });
    for (let index = 0; index < 12; index++)
      await gateway.api.main('PUT', `/users/user-${index}`, { name: 'x' });
    const all = await everyPage(gateway, '/users', 5);
    expect(all).toHaveLength(18);
    expect(all).toEqual([...all].toSorted());
    for (const limit of [1, 2, 3, 4]) expect(await everyPage(gateway, '/users', limit)).toEqual(all);
    const { items } = (await gateway.api.main('GET', '/users?limit=1000')) as Page;
    expect(items).toHaveLength(5);
  });

  it('block each other, and are let again', async () => {
    await using gateway = await startApiGateway();
    const send = () =>
      gateway.api.call('POST', `${BASE}/namespaces/main/messages`, {
        body: { from: 'alice', to: { type: 'user', id: 'bob' }, content: 'hello?' },
      });
    await gateway.api.main('PUT', '/users/bob/blocks/alice');
    expect(await gateway.api.main('GET', '/users/bob/blocks')).toEqual({ items: ['alice'] });
    expect((await send()).body).toMatchObject({ status: 403, code: 'blocked' });
    await gateway.api.main('DELETE', '/users/bob/blocks/alice');
    expect((await send()).status).toBe(200);
  });
});

describe('groups', () => {
  it('are made with members, changed, listed and dissolved', async () => {
    await using gateway = await startApiGateway();
    const made = await gateway.api.main('PUT', '/groups/new', { name: 'New', members: ['alice', 'bob'] });
    expect(made).toMatchObject({ id: 'new', name: 'New', description: '', open: false, members: 2 });
    const changed = { name: 'Newer', description: 'd', open: true, owner: 'carol', members: ['carol'] };
    expect(await gateway.api.main('PUT', '/groups/new', changed)).toMatchObject({
      name: 'Newer',
      open: true,
      owner: 'carol',
      members: 3,
    });
    expect(await everyPage(gateway, '/groups', 1)).toEqual(['lobby', 'new', 'staff']);
    expect(await everyPage(gateway, '/groups/new/members', 2)).toEqual(['alice', 'bob', 'carol']);
    await gateway.api.main('POST', '/groups/new/transfer', { newOwner: 'alice' });
    expect(await gateway.api.main('GET', '/groups/new')).toMatchObject({ owner: 'alice' });
    await gateway.api.main('DELETE', '/groups/new');
    expect(await everyPage(gateway, '/groups', 1)).toEqual(['lobby', 'staff']);
  });

  it('with a member whom nobody knows are not made at all', async () => {
    await using gateway = await startApiGateway();
    const { status } = await gateway.api.call('PUT', `${BASE}/namespaces/main/groups/new`, {
      body: { name: 'New', members: ['alice', 'nobody'] },
    });
    expect(status).toBe(404);
    expect(await everyPage(gateway, '/groups', 10)).toEqual(['lobby', 'staff']);
  });

  it('have members who come, are muted, and go', async () => {
    await using gateway = await startApiGateway();
    const frank = await speakers.json.enter(gateway, 'frank');
    await gateway.api.main('PUT', '/groups/staff/members/frank');
    await gateway.api.main('PUT', '/groups/staff/mutes/frank');
    expect(await gateway.api.main('GET', '/groups/staff/members')).toMatchObject({
      items: [
        { id: 'alice', muted: false, online: false },
        { id: 'bob', muted: false },
        { id: 'frank', muted: true, online: true },
      ],
    });
    await gateway.api.main('DELETE', '/groups/staff/mutes/frank');
    await gateway.api.main('POST', '/groups/staff/invitations', { inviter: 'alice', user: 'frank' });
    await gateway.api.main('DELETE', '/groups/staff/members/frank?reason=quit');
    expect((await frank.nextJson(({ type }) => type === 'group_member_mute')).data).toMatchObject({
      muted: true,
    });
    expect((await frank.nextJson(({ type }) => type === 'group_member_mute')).data).toMatchObject({
      muted: false,
    });
    await frank.nextJson(({ type }) => type === 'group_invite');
    await frank.nextJson(({ type }) => type === 'group_member_quit');
    const again = await gateway.api.call('DELETE', `${BASE}/namespaces/main/groups/staff/members/frank`);
    expect(again.body).toMatchObject({ status: 409, code: 'not_joined' });
  });

  it('that are bridged are seen by each namespace as its own', async () => {
    const bridge = `
bridgeGroups:
  - { from: { namespace: main, group: staff }, to: { namespace: visitors, group: help } }
`;
    await using gateway = await startApiGateway({
      edit: (yaml) =>
        yaml.replace('\nendpoints:\n', '\n  - { id: help, namespace: visitors, open: true }\nendpoints:\n') +
        bridge,
      api: apiYaml().replace('{ name: backend', '{ name: backend, namespaces: "*"'),
    });
    const visitors = `${BASE}/namespaces/visitors`;
    await gateway.api.call('PUT', `${visitors}/users/vera`, { body: { name: 'Vera' } });
    const sent = await gateway.api.call('POST', `${visitors}/messages`, {
      body: { from: 'vera', to: { type: 'group', id: 'help' }, content: 'help!' },
    });
    expect(sent.body).toMatchObject({
      message: { namespace: 'visitors', from: { id: 'vera' }, to: { id: 'help' } },
    });
    expect(await gateway.api.main('GET', '/groups/staff/messages')).toMatchObject({
      messages: [{ namespace: 'main', from: { id: 'guest:vera' }, to: { id: 'staff' } }],
    });
    const seen = await gateway.api.call('GET', `${visitors}/groups/help/messages`);
    expect(seen.body).toMatchObject({ messages: [{ to: { id: 'help' } }] });
    const { body } = await gateway.api.call('GET', `${visitors}/groups`);
    expect(body).toMatchObject({ items: [{ id: 'help', open: true, owner: 'guest:alice' }] });
  });
});
