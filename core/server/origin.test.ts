import { describe, expect, it } from 'vitest';
import { isOriginAllowed, type OriginRule } from './origin.ts';

const allowed = (rule: OriginRule, origin?: string, host = 'chat.example:8080'): boolean =>
  isOriginAllowed(rule, {
    headers: { host, ...(origin === undefined ? {} : { origin }) },
  });

describe('a request without an Origin header comes from no browser and is let in', () => {
  it.each(['same', '*', [], ['https://other.example']] as const)('under the rule %j', (rule) => {
    expect(allowed(rule)).toBe(true);
  });
});

describe('under the rule "same"', () => {
  it.each([
    ['http://chat.example:8080', 'chat.example:8080', true],
    ['https://chat.example:8080', 'chat.example:8080', true],
    ['https://chat.example', 'chat.example', true],
    ['http://chat.example', 'chat.example:8080', false],
    ['http://chat.example:8081', 'chat.example:8080', false],
    ['http://evil.example', 'chat.example', false],
    ['http://chat.example.evil.example', 'chat.example', false],
    ['http://evil.example/chat.example', 'chat.example', false],
    ['http://chat.example@evil.example', 'chat.example', false],
    ['null', 'chat.example', false],
    ['chat.example', 'chat.example', false],
    ['', 'chat.example', false],
  ])('origin %j at host %j: %j', (origin, host, expected) => {
    expect(allowed('same', origin, host)).toBe(expected);
  });
});

describe('under a list', () => {
  it.each([
    ['https://app.example', true],
    ['https://app.example:443', false],
    ['http://app.example', false],
    ['https://APP.example', false],
    ['https://app.example.evil.example', false],
    ['null', false],
  ])('origin %j: %j', (origin, expected) => {
    expect(allowed(['https://app.example', 'https://other.example'], origin)).toBe(expected);
  });
});

it('"*" lets every page in', () => {
  expect(allowed('*', 'http://evil.example')).toBe(true);
});
