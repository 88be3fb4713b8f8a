/** What a plan says of each kind of change. */
import { describe, expect, it } from 'vitest';
import { configOf, GOOD } from './fixture.ts';
import { changesAnything, needsRestart, planOf } from './plan.ts';

const plan = (edit: (text: string) => string, base = GOOD) => planOf(configOf(base), configOf(edit(base)));
const put = (key: string) => (text: string) => text.replace('auth: demo', `auth: demo, ${key}`);

/** The one endpoint of the fixture. */
const endpoint = (action: string, ...fields: string[]) => [
  {
    subject: 'endpoint',
    name: '/ws',
    action,
    ...(fields.length === 0 ? {} : { fields }),
  },
];

it('of the same configuration says that nothing changes', () => {
  const steps = plan((text) => `# a remark\n${text}`);
  expect(steps).toEqual(endpoint('unchanged'));
  expect([changesAnything(steps), needsRestart(steps)]).toEqual([false, false]);
});

describe('an endpoint', () => {
  it.each([
    ['limits: { frame: 1KiB }', 'limits.frame'],
    ['origins: "*"', 'origins'],
    ['sockjs: true', 'sockjs'],
    ['flushInterval: 5ms', 'flushInterval'],
    ['presenceInterval: { base: 5ms }', 'presenceInterval.base'],
    ['heartbeat: { ping: 1s }', 'heartbeat.ping'],
    ['closeCodes: { replaced: 4321 }', 'closeCodes.replaced'],
    ['singleSession: false', 'singleSession'],
    ['credentials: { query: [t] }', 'credentials.query'],
  ])('with another %s is changed where it is', (key, field) => {
    expect(plan(put(key))).toEqual(endpoint('changed', field));
  });

  it.each([
    ['locale: en', 'locale'],
    ['identity: string', 'identity'],
    ['anonymous: true', 'anonymous'],
    ['options: { pingIntervalMs: 7 }', 'options.pingIntervalMs'],
    ['namespace: other', 'namespace'],
  ])('with another %s is replaced', (key, field) => {
    const withOther = `${GOOD}`.replace('groups: [', 'groups: [{ id: lobby, namespace: other }, ');
    expect(plan(put(key), withOther)).toEqual(endpoint('replaced', field));
  });

  it('whose SockJS is switched off is replaced: its sessions have nowhere to go on', () => {
    expect(plan((text) => text.replace(', sockjs: true', ''), put('sockjs: true')(GOOD))).toEqual(
      endpoint('replaced', 'sockjs'),
    );
  });

  it('is replaced when an encryption key goes, and changed where it is when one comes', () => {
    const key = (byte: number): string => Buffer.alloc(32, byte).toString('base64');
    const one = put(`encryption: { keys: { "1": "${key(1)}" }, active: 1 }`)(GOOD);
    const two = put(`encryption: { keys: { "1": "${key(1)}", "2": "${key(2)}" }, active: 2 }`)(GOOD);
    expect(planOf(configOf(one), configOf(two))[0]).toMatchObject({ action: 'changed' });
    expect(planOf(configOf(two), configOf(one))[0]).toMatchObject({ action: 'replaced' });
    expect(planOf(configOf(GOOD), configOf(one))[0]).toMatchObject({ action: 'replaced' });
  });

  it('that is moved is one that goes and one that comes', () => {
    expect(plan((text) => text.replace('path: /ws', 'path: /chat'))).toEqual([
      { subject: 'endpoint', name: '/chat', action: 'added' },
      { subject: 'endpoint', name: '/ws', action: 'removed' },
    ]);
  });

  it('that takes its limits from the top level changes with them', () => {
    expect(plan((text) => `limits: { held: 5 }\n${text}`)).toEqual([
      { subject: 'setting', name: 'limits.held', action: 'changed' },
      ...endpoint('changed', 'limits.held'),
    ]);
  });
});

describe('what is bound to the process', () => {
  it.each([
    ['listen: { port: 1 }', 'listen.port'],
    ['listen: { host: 0.0.0.0 }', 'listen.host'],
    ['data: elsewhere', 'data'],
    ['store: memory', 'store'],
    ['limits: { backlog: { messages: 5 } }', 'limits.backlog'],
    ['limits: { deduplication: { window: 5s } }', 'limits.deduplication'],
    ['limits: { memory: 5MiB }', 'limits.memory'],
    ['limits: { queue: { entries: 5 } }', 'limits.queue.entries'],
    ['limits: { queue: { names: 5 } }', 'limits.queue.names'],
    ['limits: { admission: { handshake: 5s } }', 'limits.admission.handshake'],
    ['log: { pretty: true }', 'log.pretty'],
  ])('%s needs a restart', (line, name) => {
    const steps = plan((text) => `${line}\n${text}`);
    expect(steps).toEqual([{ subject: 'setting', name, action: 'restart' }, ...endpoint('unchanged')]);
    expect(needsRestart(steps)).toBe(true);
  });

  it.each([
    ['listen: { trustProxy: [10.0.0.1] }', 'listen.trustProxy'],
    ['log: { level: debug }', 'log.level'],
    ['limits: { guests: 5 }', 'limits.guests'],
    ['limits: { queue: { prefetch: 5 } }', 'limits.queue.prefetch'],
    ['drain: { window: 1s }', 'drain.window'],
    ['api: { system: { name: S } }', 'api.system.name'],
  ])('%s does not', (line, name) => {
    expect(plan((text) => `${line}\n${text}`)).toEqual([
      { subject: 'setting', name, action: 'changed' },
      ...endpoint('unchanged'),
    ]);
  });
});

describe('lists', () => {
  it('are told entry by entry, by id', () => {
    const steps = plan((text) =>
      text
        .replace('{ id: bob }', '{ id: robert }')
        .replace('{ id: alice }', '{ id: alice, name: A }')
        .replace('members: [alice]', 'members: [robert]'),
    );
    expect(steps).toEqual([
      { subject: 'user', name: 'alice', action: 'changed', fields: ['name'] },
      { subject: 'user', name: 'robert', action: 'added' },
      { subject: 'user', name: 'bob', action: 'removed' },
      { subject: 'group', name: 'lobby', action: 'changed', fields: ['members'] },
      ...endpoint('unchanged'),
    ]);
  });

  it('never tell a secret', () => {
    const steps = plan((text) => text.replace('t-alice: alice', 't-secret: bob'));
    expect(steps).toEqual([
      { subject: 'authenticator', name: 'demo', action: 'changed', fields: ['tokens'] },
      ...endpoint('unchanged'),
    ]);
  });
});
