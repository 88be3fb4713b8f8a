/** Who asks a backend keeps its sockets for the next question: one that a reload has replaced asks no more and keeps none. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { withHook } from '../support/hook-server.ts';
import { metricsOf } from '../support/metrics.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { startReloadable } from '../support/reload.ts';
import { isStored, speakers } from '../support/speakers.ts';

/** A backend that never ends a socket by itself; it answers what the test lets it. */
async function patientBackend(body: object) {
  const held: (() => void)[] = [];
  const ended: Promise<void>[] = [];
  let opened = 0;
  let isHolding = false;
  let asked = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    request.resume();
    const answer = (): void => void response.end(JSON.stringify(body));
    if (isHolding) held.push(answer);
    else answer();
    asked.resolve();
  });
  server.keepAliveTimeout = 0;
  server.on('connection', (socket) => {
    opened++;
    ended.push(new Promise((resolve) => socket.once('close', () => resolve())));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    get opened() {
      return opened;
    },
    /** From now on every question waits. Resolves with the first one. */
    hold() {
      isHolding = true;
      asked = Promise.withResolvers<void>();
      return asked.promise;
    },
    release() {
      isHolding = false;
      for (const answer of held.splice(0)) answer();
    },
    /** Resolves once every socket opened so far has ended. */
    allEnded: () => Promise.all(ended),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
type Backend = Awaited<ReturnType<typeof patientBackend>>;

const base = (authenticator: string, endpoint = ''): string => `
listen: { host: 127.0.0.1, port: 0 }
store: memory
log: { level: silent }
authenticators: { asked: ${authenticator} }
users: [{ id: alice }]
groups: [{ id: lobby }]
endpoints: [{ path: /ws, dialect: json, auth: asked${endpoint} }]
`;
const asks = ({ url }: Backend): string => `{ type: http, url: "${url}", allowPrivate: true }`;
const LISTED = '{ type: static, tokens: { any: alice } }';

async function firstWord({ ws }: { readonly ws: string }): Promise<{ client: RawClient; type: unknown }> {
  const client = await connectRaw(`${ws}/ws?token=any`);
  const { type } = await client.nextJson();
  return { client, type };
}

describe('an HTTP authenticator', () => {
  it.each([
    ['replaced by one of its kind', 0, (backend: Backend) => asks(backend).replace('}', ', timeout: 4s }')],
    ['replaced by a list', undefined, () => LISTED],
  ])('that is %s ends the socket that it kept', async (_title, waiting, next) => {
    await using backend = await patientBackend({ userId: 'alice' });
    await using gateway = await startReloadable({ yaml: base(asks(backend)) });
    expect((await firstWord(gateway)).type).toBe('auth_success');
    expect((await firstWord(gateway)).type).toBe('auth_success');
    expect(backend.opened).toBe(1);
    await gateway.take((text) => text.replace(asks(backend), next(backend)));
    await backend.allEnded();
    expect((await firstWord(gateway)).type).toBe('auth_success');
    const { value } = await metricsOf(gateway);
    expect(value('dragoman_hook_queue_length', { hook: 'asked', queue: 'questions' })).toBe(waiting);
  });

  it('that is taken out of the file ends it too', async () => {
    await using backend = await patientBackend({ userId: 'alice' });
    const yaml = base(asks(backend)).replace('auth: asked', 'auth: [asked, other]');
    const both = yaml.replace('asked: {', `other: ${LISTED}, asked: {`);
    await using gateway = await startReloadable({ yaml: both });
    expect((await firstWord(gateway)).type).toBe('auth_success');
    await gateway.take((text) =>
      text.replace(`, asked: ${asks(backend)}`, '').replace('auth: [asked, other]', 'auth: [other]'),
    );
    await backend.allEnded();
  });

  it('answers the login that it is being asked about before it does', async () => {
    await using backend = await patientBackend({ userId: 'alice' });
    await using gateway = await startReloadable({ yaml: base(asks(backend)) });
    const asked = backend.hold();
    const login = firstWord(gateway);
    await asked;
    await gateway.take((text) => text.replace(asks(backend), LISTED));
    backend.release();
    expect((await login).type).toBe('auth_success');
    await backend.allEnded();
  });

  it('keeps its socket where the reload says nothing else of it', async () => {
    await using backend = await patientBackend({ userId: 'alice' });
    await using gateway = await startReloadable({ yaml: base(asks(backend)) });
    await firstWord(gateway);
    await gateway.take((text) => `${text}\nlimits: { content: 1000 }\n`);
    await firstWord(gateway);
    expect(backend.opened).toBe(1);
  });

  it('ends its socket with the gateway', async () => {
    await using backend = await patientBackend({ userId: 'alice' });
    const gateway = await startGateway({ yaml: base(asks(backend)) });
    await firstWord(gateway);
    await gateway.stop();
    await backend.allEnded();
  });
});

describe('an exchange', () => {
  const bridged = (server: string, { url }: Backend, timeout: string): string =>
    base(
      LISTED,
      `, upstream: { url: "${server}/ws", dialect: json, auth: { exchange: { url: "${url}", allowPrivate: true, timeout: ${timeout} } } }`,
    );

  it('whose endpoint is replaced ends the socket that it kept, once logins under way have their answer', async () => {
    await using backend = await patientBackend({ token: 'any' });
    await using server = await startGateway({ yaml: base(LISTED) });
    await using gateway = await startReloadable({ yaml: bridged(server.ws, backend, '5s') });
    expect((await firstWord(gateway)).type).toBe('auth_success');
    expect(backend.opened).toBe(1);
    await gateway.take((text) => text.replace('timeout: 5s', 'timeout: 4s'));
    await backend.allEnded();
    expect((await firstWord(gateway)).type).toBe('auth_success');
    expect(backend.opened).toBe(2);
  });

  it('ends its socket with the gateway', async () => {
    await using backend = await patientBackend({ token: 'any' });
    await using server = await startGateway({ yaml: base(LISTED) });
    const gateway = await startGateway({ yaml: bridged(server.ws, backend, '5s') });
    await firstWord(gateway);
    await gateway.stop();
    await backend.allEnded();
  });
});

it('a hook that is replaced answers what it is being asked about, and then ends its sockets', async () => {
  await using backend = await patientBackend({ action: 'allow' });
  const edit = withHook(backend.url, 'events: [before_message], onFailure: closed, deadline: 1min');
  await using gateway = await startReloadable({ edit });
  const alice = await speakers.json.enter(gateway, 'alice');
  const words = { user: 'alice', id: 'm-1', content: 'asked about' };
  const asked = backend.hold();
  speakers.json.say(alice, words);
  await asked;
  await gateway.take((text) => text.replace('deadline: 1min', 'deadline: 2min'));
  backend.release();
  await isStored(speakers.json, alice, words);
  await backend.allEnded();
});
