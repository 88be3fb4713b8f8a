/** A reload that can't be: it says why, and nothing has changed. And plans, which say what a reload then does. */
import { describe, expect, it } from 'vitest';
import { metricsOf } from '../support/metrics.ts';
import { type ReloadableGateway, startReloadable } from '../support/reload.ts';
import { speakers } from '../support/speakers.ts';

const { json, room } = speakers;

/** The clients that are there still talk, and whoever comes finds what there was. */
async function expectAsBefore(gateway: ReloadableGateway, before: Awaited<ReturnType<typeof json.enter>>) {
  json.say(before, { user: 'alice', id: 'still', content: 'here' });
  await before.nextJson(({ type }) => type === 'ack');
  await json.enter(gateway, 'bob');
}

const planOf = async (gateway: ReloadableGateway, config?: string) =>
  (await gateway.api.call('POST', '/api/v1/plan', { body: config === undefined ? {} : { config } })).body;

describe('a file that can not be used changes nothing and says why', () => {
  it.each([
    ['no YAML', (text: string) => `${text}\n  nonsense: [`, /gateway\.yaml:\d+:\d+/],
    [
      'an unknown key',
      (text: string) => text.replace('dialect: room', 'dialect: room\n    orgins: "*"'),
      /unknown key, did you mean "origins"/,
    ],
    [
      'an authenticator that is not there',
      (text: string) => text.replace('auth: demo', 'auth: domo'),
      /did you mean "demo"/,
    ],
    [
      'a key file that is not there',
      (text: string) =>
        text.replace(
          'authenticators:',
          'authenticators:\n  rsa: { type: jwt, algorithm: RS256, publicKey: ./no-such.pem }',
        ),
      /authenticators\.rsa/,
    ],
    [
      'an integer that another user has',
      (text: string) =>
        text
          .replace('name: Alice, integer: 1', 'name: Alice, integer: 4')
          .replace('name: Dave, integer: 4', 'name: Dave'),
      /integer/,
    ],
  ])('%s', async (_what, edit, why) => {
    await using gateway = await startReloadable();
    const alice = await json.enter(gateway, 'alice');
    const before = gateway.gateway.hub.config;
    const outcome = await gateway.change(edit);
    expect(outcome.outcome).toBe('invalid');
    expect(outcome.outcome === 'invalid' && outcome.problems.join('\n')).toMatch(why);
    const { status, body } = await gateway.api.call('POST', '/api/v1/reload');
    expect([status, (body as { type: string }).type]).toEqual([422, '/api/docs#problem-config_invalid']);
    expect((body as { detail: string }).detail).toMatch(why);
    expect(gateway.gateway.hub.config).toBe(before);
    await expectAsBefore(gateway, alice);
    const metrics = await metricsOf(gateway);
    expect(metrics.value('dragoman_reloads_total', { outcome: 'invalid' })).toBe(2);
    expect(metrics.value('dragoman_reloads_total', { outcome: 'reloaded' })).toBe(0);
  });

  it('what only a restart changes: all of the file waits for it', async () => {
    await using gateway = await startReloadable();
    const alice = await json.enter(gateway, 'alice');
    const outcome = await gateway.change((text) =>
      text.replace('port: 0', 'port: 1234').replace(/ {2}- path: \/ws\/json\n[\s\S]*?\n\n/, ''),
    );
    expect(outcome).toMatchObject({
      outcome: 'refused',
      steps: [{ subject: 'setting', name: 'listen.port', action: 'restart' }, {}, {}, {}, {}, {}],
    });
    const { status, body } = await gateway.api.call('POST', '/api/v1/reload');
    expect([status, (body as { detail: string }).detail]).toEqual([
      409,
      'only a restart changes listen.port',
    ]);
    expect(await planOf(gateway)).toMatchObject({ possible: false, problems: [] });
    await expectAsBefore(gateway, alice);
  });
});

describe('a plan', () => {
  it('says what the reload then does, and how many connections it touches', async () => {
    await using gateway = await startReloadable();
    const stays = await Promise.all([json.enter(gateway, 'alice'), json.enter(gateway, 'bob')]);
    const goes = await Promise.all([
      room.enter(gateway, 'carol'),
      room.enter(gateway, 'dave'),
      room.enter(gateway, 'erin'),
    ]);
    const next = gateway.file.text
      .replace('dialect: room\n', 'dialect: room\n    locale: en\n')
      .replace('dialect: json\n', 'dialect: json\n    limits: { held: 7 }\n')
      .replace('\nendpoints:', '\nendpoints:\n  - { path: /ws/new, dialect: json, auth: demo }')
      .replace('name: Frank', 'name: Francis')
      .concat(
        '\nhooks: { told: { url: "https://hooks.example.com/x", events: [after_message], secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw } }\n',
      );
    const plan = await planOf(gateway, next);
    expect(plan).toEqual({
      possible: true,
      problems: [],
      steps: [
        { subject: 'hook', name: 'told', action: 'added' },
        { subject: 'user', name: 'frank', action: 'changed', fields: ['name'] },
        { subject: 'endpoint', name: '/ws/new', action: 'added' },
        { subject: 'endpoint', name: '/ws/json', action: 'changed', fields: ['limits.held'], connections: 2 },
        { subject: 'endpoint', name: '/ws/room', action: 'replaced', fields: ['locale'], connections: 3 },
        { subject: 'endpoint', name: '/ws/socket', action: 'unchanged', connections: 0 },
        { subject: 'endpoint', name: '/ws/ourchat', action: 'unchanged', connections: 0 },
        { subject: 'endpoint', name: '/ws/im', action: 'unchanged', connections: 0 },
      ],
    });
    expect(await planOf(gateway)).toMatchObject({ possible: true });
    gateway.file.text = next;
    const { status, body } = await gateway.api.call('POST', '/api/v1/reload');
    expect(status).toBe(200);
    expect(body).toEqual({ outcome: 'reloaded', steps: (plan as { steps: unknown }).steps });
    for (const client of goes) expect((await client.closed).code).toBe(1012);
    expect(stays.map(({ socket }) => socket.readyState)).toEqual([1, 1]);
    expect(gateway.gateway.hub.directory.find('main', 'frank')?.user.name).toBe('Francis');
  });

  it('names what is wrong, with the lines of the text that was sent', async () => {
    await using gateway = await startReloadable();
    expect(await planOf(gateway, 'endpoints: []\n')).toEqual({
      possible: false,
      problems: ['gateway.yaml:1:12 endpoints: expected at least one endpoint, not an empty list'],
      steps: [],
    });
  });

  it('is for keys with the scope admin:reload only', async () => {
    await using gateway = await startReloadable({
      api: '\napi: { keys: [{ name: other, secret: a-key-for-tests-that-is-long-enough, scopes: ["users:read"] }] }\n',
    });
    for (const path of ['plan', 'reload']) {
      expect((await gateway.api.call('POST', `/api/v1/${path}`)).status).toBe(403);
    }
  });
});

describe('the API', () => {
  it('takes over other keys, and forgets the old ones', async () => {
    await using gateway = await startReloadable();
    const other = 'another-key-for-tests-that-is-long-enough';
    gateway.file.text = gateway.file.text.replace('a-key-for-tests-that-is-long-enough', other);
    const { body } = await gateway.api.call('POST', '/api/v1/reload');
    expect(body).toMatchObject({
      steps: [{ subject: 'key', name: 'backend', action: 'changed', fields: ['secret'] }, {}, {}, {}, {}, {}],
    });
    expect(JSON.stringify(body)).not.toContain(other);
    expect((await gateway.api.call('GET', '/api/v1/namespaces/main/users')).status).toBe(401);
    expect((await gateway.api.call('GET', '/api/v1/namespaces/main/users', { key: other })).status).toBe(200);
  });

  it('reloads one after the other, however many ask', async () => {
    await using gateway = await startReloadable();
    const alice = await json.enter(gateway, 'alice');
    const reloads = Array.from({ length: 8 }, (_, index) =>
      gateway.change((text) => `${text.replace(/\nlimits:.*\n/, '\n')}\nlimits: { held: ${index + 1} }\n`),
    );
    const outcomes = (await Promise.all(reloads)).map(({ outcome }) => outcome);
    // All were asked for before the first was read: it read the last text.
    expect(outcomes).toEqual(['reloaded', ...Array.from({ length: 7 }, () => 'unchanged')]);
    expect(gateway.gateway.hub.config.limits.held).toBe(8);
    await expectAsBefore(gateway, alice);
  });
});
