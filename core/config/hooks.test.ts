/** Hooks in the configuration file. */
import { describe, expect, it } from 'vitest';
import { configOf, GOOD, problemsOf } from './fixture.ts';
import { configWarnings } from './warnings.ts';

const SECRET = 'a secret of more than 24 bytes';
const WHSEC = `whsec_${'A'.repeat(32)}`;
const hook = (settings: string) => `${GOOD}hooks:\n  h: { url: "https://b.example/", ${settings} }\n`;
const good = `secret: "${SECRET}", events: [before_message], onFailure: closed`;

describe('a hook', () => {
  it('has its defaults', () => {
    expect(configOf(hook(good)).hooks.h).toEqual({
      url: 'https://b.example/',
      events: ['before_message'],
      secret: [SECRET],
      onFailure: 'closed',
      timeout: 2000,
      deadline: 5000,
      retries: 1,
      backoff: { first: 100, most: 10_000 },
      breaker: { failures: 5, openFor: 10_000 },
      concurrency: 64,
      waiting: 1024,
      maxBytes: 131_072,
      queue: { entries: 10_000, bytes: 67_108_864 },
      keep: 3_600_000,
      drain: 5000,
      allowPrivate: false,
    });
  });

  it('may sign with several secrets, of both kinds', () => {
    const { secret } = configOf(hook(`secret: ["${WHSEC}", "${SECRET}"], events: [presence]`)).hooks.h ?? {};
    expect(secret).toEqual([WHSEC, SECRET]);
  });

  it('may name private networks, endpoints and namespaces', () => {
    const text = hook(`${good}, allowPrivate: [10.0.0.0/8, "::1"], endpoints: [/ws], namespaces: [main]`);
    expect(configOf(text).hooks.h).toMatchObject({ allowPrivate: ['10.0.0.0/8', '::1'], endpoints: ['/ws'] });
  });

  it.each([
    [
      'no choice for a failure of before_message',
      `secret: "${SECRET}", events: [before_message]`,
      ['onFailure: is missing; expected "open" or "closed": before_message has no default for it'],
    ],
    [
      'a choice about nothing',
      `secret: "${SECRET}", events: [presence], onFailure: open`,
      ['onFailure: decides about before_message, which is not among the events'],
    ],
    ['no secret', 'events: [presence]', ['secret: is missing; expected a secret or a list of secrets']],
    [
      'a secret that is too short, without showing it',
      'secret: hunter2, events: [presence]',
      ['secret: must be "whsec_" and base64 of 24 to 64 bytes, or text of at least 24 bytes'],
    ],
    [
      'a secret that is no base64, without showing it',
      'secret: "whsec_!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!", events: [presence]',
      ['secret: must be "whsec_" and base64 of 24 to 64 bytes, or text of at least 24 bytes'],
    ],
    [
      'the login',
      `secret: "${SECRET}", events: [authenticate]`,
      ['events[0]: expected "before_message", "after_message" or "presence"; about logins an authenticator'],
    ],
    [
      'an endpoint that is not there',
      `${good}, endpoints: [/wss]`,
      ['endpoints[0]: there is no endpoint with the path "/wss", did you mean "/ws"?'],
    ],
    [
      'a namespace without endpoints',
      `${good}, namespaces: [mian]`,
      ['namespaces[0]: there is no endpoint in the namespace "mian", did you mean "main"?'],
    ],
    [
      'a network that is none',
      `${good}, allowPrivate: [intranet]`,
      ['allowPrivate[0]: expected an address or a network'],
    ],
  ])('with %s is refused', (_title, settings, problems) => {
    const found = problemsOf(hook(settings)).map((line) => line.replace(/^\S+ hooks\.h\./, ''));
    expect(found).toHaveLength(problems.length);
    for (const [index, problem] of problems.entries()) expect(found[index]).toContain(problem);
    expect(found.join()).not.toContain('hunter2');
  });
});

it('a hook that is told in the clear is warned of', () => {
  const config = configOf(hook(good).replace('https:', 'http:'));
  expect(configWarnings(config)).toContainEqual(
    'the hook "h" sends messages to b.example without TLS (http:)',
  );
});

it('a hook needs a name of its own', () => {
  expect(problemsOf(hook(good).replace('  h:', '  demo:'))).toEqual([
    'x.yaml:8:9 hooks.demo: the name "demo" is an authenticator\'s: metrics and log could not tell them apart',
  ]);
});

it("a hook can not be for an endpoint whose messages are the server's behind it", () => {
  const bridged = GOOD.replace(
    'auth: demo',
    'auth: demo, upstream: { dialect: plain, url: "wss://behind.example/ws" }',
  );
  const text = `${bridged}hooks:\n  h: { url: "https://b.example/", ${good}, endpoints: [/ws] }\n`;
  expect(problemsOf(text).join()).toContain(
    'hooks.h.endpoints[0]: "/ws" has an upstream: hooks are for endpoints without',
  );
});
