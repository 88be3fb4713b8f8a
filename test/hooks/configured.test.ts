/** What a configuration makes of hooks: nothing where there are none, several in turn, and what can be watched. */
import { expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { HOOK_SECRET, hookServer, withHook } from '../support/hook-server.ts';
import { isStored, speakers } from '../support/speakers.ts';
import { storedContents } from '../support/store-view.ts';

it('without a hook nobody is asked, and no endpoint knows of asking', async () => {
  await using gateway = await startGateway();
  expect(gateway.gateway.hub.endpoints.map(({ screen }) => screen)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

it('only endpoints that a hook for before_message concerns know of it', async () => {
  const hook = 'events: [before_message], onFailure: open';
  await using one = await startGateway({
    edit: withHook('http://127.0.0.1:1/', `${hook}, endpoints: [/ws/im]`),
  });
  const asked = one.gateway.hub.endpoints.filter(({ screen }) => screen !== undefined);
  expect(asked.map(({ path }) => path)).toEqual(['/ws/im']);
  await using told = await startGateway({ edit: withHook('http://127.0.0.1:1/', 'events: [presence]') });
  expect(told.gateway.hub.endpoints.every(({ screen }) => screen === undefined)).toBe(true);
});

it('several hooks are asked in the order of the file, each about what the one before made of it', async () => {
  const seen: string[] = [];
  const append = (mark: string) =>
    hookServer(({ body }) => {
      seen.push(`${mark} ${body.data.content}`);
      return { body: { action: 'change', content: `${body.data.content}${mark}` } };
    });
  await using first = await append('1');
  await using second = await append('2');
  const more = `  second: { url: "${second.url}", secret: "${HOOK_SECRET}", allowPrivate: true, events: [before_message], onFailure: closed }\n`;
  await using gateway = await startGateway({
    edit: (yaml) => withHook(first.url, 'events: [before_message], onFailure: closed')(yaml) + more,
  });
  const alice = await speakers.json.enter(gateway, 'alice');
  const words = { user: 'alice', id: 'm-1', content: 'a' };
  for (let count = 0; count < 2; count++) {
    speakers.json.say(alice, words);
    await isStored(speakers.json, alice, words);
  }
  expect(seen).toEqual(['1 a', '2 a1', '1 a', '2 a1']);
  expect(await storedContents(gateway)).toEqual(['a12']);
});

it('the metrics tell outcomes, time, queues and the breaker of each hook', async () => {
  await using backend = await hookServer(({ body }) => {
    if (body.type !== 'before_message') return { status: 204 };
    const { content } = body.data;
    if (content === 'refused') return { body: { action: 'refuse', code: 'forbidden' } };
    return content === 'changed'
      ? { body: { action: 'change', content: 'else' } }
      : { body: { action: 'allow' } };
  });
  await using gateway = await startGateway({
    edit: withHook(backend.url, 'events: [before_message, after_message], onFailure: closed'),
  });
  const alice = await speakers.socket.enter(gateway, 'alice');
  for (const content of ['allowed', 'changed', 'refused', 'allowed']) {
    speakers.socket.say(alice, { user: 'alice', id: crypto.randomUUID(), content });
    await alice.nextJson(({ event }) => event === 'ack' || event === 'error');
  }
  await gateway.gateway.hub.hooks?.close();
  const lines = (await gateway.gateway.metrics.metrics()).split('\n');
  const outcome = (event: string, name: string) =>
    `dragoman_hook_outcomes_total{hook="it",event="${event}",outcome="${name}"}`;
  expect(lines).toEqual(
    expect.arrayContaining([
      `${outcome('before_message', 'allowed')} 2`,
      `${outcome('before_message', 'changed')} 1`,
      `${outcome('before_message', 'refused')} 1`,
      `${outcome('after_message', 'told')} 3`,
      'dragoman_hook_attempt_seconds_count{hook="it",event="before_message"} 4',
      'dragoman_hook_attempt_seconds_count{hook="it",event="after_message"} 3',
      'dragoman_hook_queue_length{hook="it",queue="questions"} 0',
      'dragoman_hook_queue_length{hook="it",queue="notifications"} 0',
      'dragoman_hook_breaker_state{hook="it",state="closed"} 1',
      'dragoman_hook_breaker_state{hook="it",state="open"} 0',
    ]),
  );
});
