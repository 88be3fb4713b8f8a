import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../errors.ts';
import {
  addressForLog,
  fillText,
  fillUrl,
  isHeaderValue,
  type TemplateValues,
  withParameter,
} from './url-template.ts';

const TEMPLATE = 'wss://chat.example.com/ws/{user}/in?name={name}&as={user}&fixed=1';

const values = (user: string, name = user): TemplateValues => ({
  user,
  name,
  avatar: undefined,
  token: undefined,
});

describe('fillUrl', () => {
  it.each([
    ['../x', '..%2Fx'],
    ['a/b?c#d', 'a%2Fb%3Fc%23d'],
    ['@evil.com', '%40evil.com'],
    ['user:pass@evil.com', 'user%3Apass%40evil.com'],
    ['爱丽丝', '%E7%88%B1%E4%B8%BD%E4%B8%9D'],
    ['a\r\nHost: evil.com', 'a%0D%0AHost%3A%20evil.com'],
    ['a&admin=1', 'a%26admin%3D1'],
    ['{token}', '%7Btoken%7D'],
    ['%2e%2e', '%252e%252e'],
    ['\ud800', '%EF%BF%BD'],
  ])('keeps %j in its place', (user, escaped) => {
    expect(fillUrl(TEMPLATE, values(user, 'n'))).toBe(
      `wss://chat.example.com/ws/${escaped}/in?name=n&as=${escaped}&fixed=1`,
    );
  });

  it.each(['.', '..'])('refuses %j, which would climb out of its segment', (user) => {
    expect(() => fillUrl(TEMPLATE, values(user))).toThrow(GatewayError);
    expect(() => fillUrl('ws://h/x?u={user}', values(user))).not.toThrow();
  });

  it('fills a word that this client has no value for with nothing', () => {
    expect(fillUrl('ws://h/x?a={avatar}&b=1', values('alice'))).toBe('ws://h/x?a=&b=1');
  });

  it('never changes host, path structure or other parameters, whatever the values are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (user, name) => {
        let filled: URL;
        try {
          filled = new URL(fillUrl(TEMPLATE, values(user, name)));
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError);
          return;
        }
        expect(filled.origin).toBe('wss://chat.example.com');
        expect([filled.username, filled.password, filled.hash]).toEqual(['', '', '']);
        expect(filled.pathname.split('/')).toHaveLength(4);
        expect(filled.pathname.split('/').at(-1)).toBe('in');
        expect([...filled.searchParams.keys()]).toEqual(['name', 'as', 'fixed']);
        expect(filled.searchParams.get('as')).toBe(user.toWellFormed());
        expect(filled.searchParams.get('name')).toBe(name.toWellFormed());
        expect(filled.searchParams.get('fixed')).toBe('1');
      }),
    );
  });
});

describe('other places', () => {
  it('text takes values as they are, and none of them is a template again', () => {
    expect(fillText('svc-{user}-{name}', values('{name}', 'n'))).toBe('svc-{name}-n');
  });

  it.each([
    ['Bearer abc', true],
    ['é', true],
    ['', true],
    ['a\r\nX-Admin: 1', false],
    ['a\0', false],
    ['爱', false],
  ])('%j as the value of a header: %s', (value, fits) => {
    expect(isHeaderValue(value)).toBe(fits);
  });

  it('sets a parameter and leaves the others', () => {
    expect(withParameter('ws://h/x?a=1', 'token', 'a&b=c')).toBe('ws://h/x?a=1&token=a%26b%3Dc');
    expect(withParameter('ws://h/x?token=old', 'token', 'new')).toBe('ws://h/x?token=new');
  });

  it('logs no parameters', () => {
    expect(addressForLog('wss://h/ws/{user}?key=secret&u={user}')).toBe('wss://h/ws/{user}?…');
    expect(addressForLog('wss://h/ws')).toBe('wss://h/ws');
  });
});
