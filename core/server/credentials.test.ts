import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { credentialsOf } from './credentials.ts';

const SOURCES = { query: ['token', 'access_token'], cookie: ['session'] };

const tokensOf = (url: string, cookie?: string, sources = SOURCES): readonly string[] =>
  credentialsOf(
    { url, headers: cookie === undefined ? {} : { cookie } } as IncomingMessage,
    sources,
  ).credentials.map((credential) => (credential.kind === 'token' ? credential.token : credential.kind));

describe('tokens of the URL', () => {
  it.each([
    ['/ws', []],
    ['/ws?', []],
    ['/ws?token=', []],
    ['/ws?other=a', []],
    ['/ws?token=abc', ['abc']],
    ['/ws?token=a%2Bb%20c', ['a+b c']],
    ['/ws?token=first&token=second', ['first']],
    ['/ws?access_token=b&token=a', ['a', 'b']],
    ['/ws?token=same&access_token=same', ['same']],
    ['/ws?token=a?b', ['a?b']],
    ['/ws?token=%E0%A4%A', ['\ufffd%A']],
    ['/ws?__proto__=x', []],
  ])('of %s are %j', (url, tokens) => {
    expect(tokensOf(url)).toEqual(tokens);
  });
});

describe('tokens of cookies', () => {
  it.each([
    ['session=abc', ['abc']],
    ['a=1; session=abc; b=2', ['abc']],
    ['session=first; session=second', ['first']],
    ['session=a=b', ['a=b']],
    ['session', []],
    ['session=', []],
    ['=abc', []],
    ['xsession=abc', []],
    [';;;', []],
  ])('of %j are %j', (cookie, tokens) => {
    expect(tokensOf('/ws', cookie)).toEqual(tokens);
  });

  it('are not read unless the endpoint names the cookie', () => {
    expect(tokensOf('/ws', 'session=abc', { query: ['token'], cookie: [] })).toEqual([]);
  });

  it('come after those of the URL', () => {
    expect(tokensOf('/ws?token=url', 'session=cookie')).toEqual(['url', 'cookie']);
  });
});

it('leaves out a token that is too long to be one', () => {
  const [long, longer] = ['a'.repeat(8192), 'a'.repeat(8193)];
  expect(tokensOf(`/ws?token=${long}`)).toEqual([long]);
  expect(tokensOf(`/ws?token=${longer}`, `session=${longer}`)).toEqual([]);
});
