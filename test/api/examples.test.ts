/** Every example request of the documentation runs, and is answered as the documentation says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventRoutes } from '../../core/server/api/events.ts';
import { BASE, routes } from '../../core/server/api/routes.ts';
import { PublishedEvent } from '../../schemas/api/events.ts';
import { API_SCOPES } from '../../schemas/config/api.ts';
import { API_SECRET, expectDocumented, startApiGateway } from '../support/api.ts';
import { commandsOf, curl, fencesOf } from '../support/curl.ts';
import { testConfig } from '../support/gateway.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/api.md'), 'utf8');
const fences = fencesOf(text);

const PLACEHOLDER = '$' + '{BACKEND_KEY}';

/** Ids that the gateway makes and times differ from run to run. */
const VARIES = new Set(['sentAt', 'createdAt']);
const isMade = (key: string, value: unknown): boolean =>
  VARIES.has(key) || (key === 'id' && typeof value === 'string' && /^[0-9A-HJKMNP-TV-Z]{26}$/.test(value));
const comparable = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (key, item: unknown) => (isMade(key, item) ? typeof item : item));

describe('docs/api.md', () => {
  const configurations = fences.filter(({ language }) => language === 'yaml').map((fence) => fence.text);
  // Without a shell that line says nothing.
  const examples = fences
    .map((fence, index) => ({ ...fence, answer: fences[index + 1] }))
    .filter((fence) => fence.language === 'sh' && !fence.text.startsWith('export '));

  it('has configurations that are right', () => {
    const [first = '', second = ''] = configurations;
    expect(configurations).toHaveLength(2);
    const { api } = testConfig({ edit: (yaml) => yaml + first.replace(PLACEHOLDER, API_SECRET) });
    expect(api.keys.map(({ name }) => name)).toEqual(['backend']);
    expect(testConfig({ edit: (yaml) => yaml + second }).api.listen).toEqual({
      host: '127.0.0.1',
      port: 8090,
    });
  });

  it('has examples that run and are answered as it says', async () => {
    const api = `\n${configurations[0]?.replace(PLACEHOLDER, API_SECRET)}`;
    await using gateway = await startApiGateway({ api });
    const variables = { API: gateway.http + BASE, KEY: API_SECRET };
    let run = 0;
    for (const { text: commands, answer } of examples) {
      let last: { readonly status: number; readonly body: unknown } | undefined;
      for (const words of commandsOf(commands, variables)) {
        const response = await curl(words);
        const content = await response.text();
        const body: unknown = content === '' ? undefined : JSON.parse(content);
        const { status, headers } = response;
        const method = words[words.indexOf('-X') + 1] as string;
        const { pathname } = new URL(response.url);
        expectDocumented(words.includes('-X') ? method : 'GET', pathname, {
          status,
          headers,
          body,
          text: content,
        });
        last = { status, body };
        run++;
        if (answer?.language !== 'json') expect(status, `${words.join(' ')}\n${content}`).toBeLessThan(300);
      }
      if (answer?.language === 'json')
        expect(comparable(last?.body)).toEqual(comparable(JSON.parse(answer.text)));
    }
    expect(run).toBeGreaterThan(25);
  });

  it('names every scope and every event', () => {
    for (const scope of API_SCOPES) expect(text).toContain(`\`${scope}\``);
    const types = PublishedEvent.options.map((option) => option.unwrap().shape.type.value);
    const named = [...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(named).toEqual(types);
  });
});

describe('the page at /api/docs', () => {
  it('has examples that run', async () => {
    await using gateway = await startApiGateway();
    const examples = routes.filter(({ example }) => example !== undefined);
    expect(examples.length).toBeGreaterThan(eventRoutes.length);
    for (const { method, path, example } of examples) {
      const names = path
        .replace('{namespace}', 'main')
        .replace('{user}', 'grace')
        .replace('{group}', 'lobby');
      const { status, text: answer } = await gateway.api.call(method, `/api/v1${names}`, { body: example });
      expect(status, `${method} ${names}: ${answer}`).toBeLessThan(300);
    }
  });
});
