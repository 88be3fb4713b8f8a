/** `${NAME}` and `${NAME:-default}`. */
import { describe, expect, it } from 'vitest';
import { configOf, problemsOf } from './fixture.ts';
import { spelled, substitute } from './substitute.ts';

const ENDPOINT = 'endpoints: [{ path: /a, dialect: plain, auth: none, namespace: n }]';
const OPENING = '$' + '{';
/** Puts a reference together, so that no template string is mistaken for one. */
const env = (inner: string) => `$\{${inner}}`;

describe('substitution in a text', () => {
  const environment = { A: 'one', EMPTY: '', EVIL: env('A'), B_2: 'two' };

  it.each([
    ['plain', 'plain'],
    [env('A'), 'one'],
    [`x${env('A')}y${env('B_2')}z`, 'xoneytwoz'],
    [env('A:-default'), 'one'],
    [env('MISSING:-default'), 'default'],
    [env('EMPTY:-default'), 'default'],
    [env('EMPTY'), ''],
    [env('MISSING:-'), ''],
    [env('MISSING:-a:-b'), 'a:-b'],
    [env('EVIL'), env('A')],
    [`$${env('A')}`, env('A')],
    [`$$${env('A')}`, `$${env('A')}`],
    ['$A $ {A} {A}', '$A $ {A} {A}'],
  ])('makes %j into %j', (text, result) => {
    expect(substitute(text, environment)).toMatchObject({ text: result, faults: [] });
  });

  it.each([
    [
      env('MISSING'),
      `the environment variable MISSING is not set; set it, or write ${env('MISSING:-default')}`,
    ],
    [
      env('toString'),
      `the environment variable toString is not set; set it, or write ${env('toString:-default')}`,
    ],
    [env('a b'), `"${env('a b')}" is no reference; allowed: ${env('NAME')} and ${env('NAME:-default')}`],
    [env(''), `"${env('')}" is no reference; allowed: ${env('NAME')} and ${env('NAME:-default')}`],
    [env('1A'), `"${env('1A')}" is no reference; allowed: ${env('NAME')} and ${env('NAME:-default')}`],
    [
      env(`A:-${env('B_2')}`),
      `the default of ${env('A')} holds another reference; only plain text is allowed there`,
    ],
    [
      env('A').slice(0, -1),
      `a "${OPENING}" has no "}"; write "$${OPENING}" for the two characters themselves`,
    ],
  ])('refuses %j', (text, fault) => {
    expect(substitute(text, environment).faults).toEqual([fault]);
  });

  it.each([
    ['8080', 8080],
    ['-1', -1],
    ['1.5', 1.5],
    ['true', true],
    ['false', false],
    ['yes', undefined],
    ['', undefined],
    ['0x10', undefined],
    ['1e999', undefined],
    ['12345678901234567890', undefined],
  ])('takes %j for %j where no text is wanted', (text, value) => {
    expect(spelled(text)).toBe(value);
  });
});

describe('substitution in a configuration', () => {
  it.each([
    ['the default', {}, 8080],
    ['the variable', { PORT: '9000' }, 9000],
    ['the default for an empty variable', { PORT: '' }, 8080],
  ])('makes a port of %s', (_title, environment, port) => {
    expect(configOf(`listen: { port: "${env('PORT:-8080')}" }\n${ENDPOINT}\n`, environment).listen.port).toBe(
      port,
    );
    expect(configOf(`listen:\n  port: ${env('PORT:-8080')}\n${ENDPOINT}\n`, environment).listen.port).toBe(
      port,
    );
  });

  it('leaves a secret that looks like a number a text', () => {
    const text = `authenticators:\n  a: { type: jwt, secret: "${env('S')}" }\n${ENDPOINT}\n`;
    const secret = '0'.repeat(40);
    expect(configOf(text, { S: secret }).authenticators.a).toMatchObject({ secret });
  });

  it('makes truth values and choices of several types', () => {
    const text = `log: { pretty: "${env('P')}" }\nendpoints:\n  - { path: /a, dialect: plain, auth: none, namespace: n, sockjs: "${env('P')}", singleSession: "${env('P')}" }\n`;
    const config = configOf(text, { P: 'true' });
    expect(config.log.pretty).toBe(true);
    expect(config.endpoints[0]).toMatchObject({ singleSession: true, sockjs: { heartbeat: 25_000 } });
  });

  it('reads sizes and durations', () => {
    const text = `limits: { frame: "${env('F')}", closeTimeout: "${env('C')}" }\n${ENDPOINT}\n`;
    expect(configOf(text, { F: '2048', C: '2s' }).limits).toMatchObject({ frame: 2048, closeTimeout: 2000 });
  });

  it('takes place in values only, never in keys', () => {
    expect(problemsOf(`"${env('KEY')}": 1\n${ENDPOINT}\n`, { KEY: 'log' })).toEqual([
      `x.yaml:1:1 ["${env('KEY')}"]: unknown key; allowed: listen, data, store, log, authenticators, hooks, users, groups, blocks, bridgeGroups, limits, drain, api, endpoints`,
    ]);
  });

  it('never shows what a variable holds', () => {
    const text = `listen: { port: "${env('S')}" }\nlog: { level: "${env('S')}" }\nlimits: { frame: "${env('S')}" }\n${ENDPOINT}\n`;
    const lines = problemsOf(text, { S: 'hunter2' });
    expect(lines).toEqual([
      'x.yaml:1:17 listen.port: expected a whole number from 0 to 65535, not the text that the environment gives',
      'x.yaml:2:15 log.level: expected "trace", "debug", "info", "warn", "error", "fatal" or "silent", not the text that the environment gives',
      'x.yaml:3:18 limits.frame: expected a size: bytes, or a number with B, KiB, MiB or GiB, such as "256KiB", not the text that the environment gives',
    ]);
  });

  it('says once what is missing, and where', () => {
    const text = `listen:\n  port: ${env('PORT')}\nauthenticators:\n  a:\n    type: jwt\n    secret: ${env('SECRET')}\n${ENDPOINT}\n`;
    expect(problemsOf(text)).toEqual([
      `x.yaml:2:9 listen.port: the environment variable PORT is not set; set it, or write ${env('PORT:-default')}`,
      `x.yaml:6:13 authenticators.a.secret: the environment variable SECRET is not set; set it, or write ${env('SECRET:-default')}`,
    ]);
  });
});
