/** Options, destination patterns and content types. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../core/errors.ts';
import { escapeId, fillPlace } from './broker-places.ts';
import { Destinations, patternFault } from './destinations.ts';
import { contentTypeOf, msgTypeOf } from './message-type.ts';
import { Options } from './options.ts';

describe('options', () => {
  const faults = (options: unknown) =>
    Options.safeParse(options).error?.issues.map(({ path }) => path.join('.'));

  test('are all optional', () => {
    expect(Options.parse({})).toMatchObject({
      appId: null,
      heartBeat: { outgoingMs: 10_000, incomingMs: 10_000 },
    });
  });

  test('refuse heart-beats under 100 ms, but not none at all', () => {
    expect(faults({ heartBeat: { outgoingMs: 99 } })).toEqual(['heartBeat.outgoingMs']);
    expect(faults({ heartBeat: { outgoingMs: 0, incomingMs: 100 } })).toBeUndefined();
  });

  test('name the destination whose pattern is wrong', () => {
    const at = (pattern: string) => faults({ destinations: [{ pattern, kind: 'topic' }] });
    expect(at('/topic/{name}')).toBeUndefined();
    for (const pattern of ['topic', '/topic/{', '/topic/}', '/topic/{}', '/topic/{a}{b}', '/topic/*', '/a.#'])
      expect(at(pattern), pattern).toEqual(['destinations.0.pattern']);
  });
});

describe('places of a chat at a general broker', () => {
  const faults = (upstream: object) =>
    Options.safeParse({ upstream }).error?.issues.map(({ path }) => path.join('.'));

  test('are templates with one {id} and nothing that a broker reads otherwise', () => {
    expect(faults({ chat: false, groups: '/topic/group.{id}', users: '/queue/user.{id}' })).toBeUndefined();
    for (const groups of [
      'topic/{id}',
      '/topic/x',
      '/topic/{id}{id}',
      '/topic/{name}',
      '/a.*.{id}',
      '/a%2F{id}',
    ])
      expect(faults({ chat: false, groups }), groups).toEqual(['upstream.groups']);
  });

  test('are not for a chat service', () => {
    expect(faults({ groups: '/topic/group.{id}' })).toEqual(['upstream']);
  });

  test('hold each id as it is or escaped, and no two alike', () => {
    expect(fillPlace('/queue/user.{id}', 'alice@example.com')).toBe('/queue/user.alice@example.com');
    expect(fillPlace('/topic/{id}', '$& #*/%=你')).toBe('/topic/=24=26=20=23=2A=2F=25=3D=E4=BD=A0');
    expect(fillPlace('/topic/{id}', 'x'.repeat(249))).toBeUndefined();
    const id = fc.string({ minLength: 1, unit: 'grapheme' }).filter((value) => value.isWellFormed());
    fc.assert(
      fc.property(id, (value) => {
        const escaped = escapeId(value);
        expect(escaped).toMatch(/^[A-Za-z0-9._@~+=-]+$/);
        expect(decodeURIComponent(escaped.replaceAll('=', '%'))).toBe(value);
      }),
    );
  });
});

describe('destination patterns', () => {
  const opens = (pattern: string, destination: string): boolean => {
    expect(patternFault(pattern)).toBeUndefined();
    const destinations = new Destinations([{ pattern, kind: 'topic', send: 'anyone', subscribe: 'anyone' }]);
    try {
      return destinations.toSend(destination, 'alice') === 'topic';
    } catch (error) {
      expect(error).toBeInstanceOf(GatewayError);
      return false;
    }
  };

  test.each([
    ['/topic/{name}', '/topic/a', true],
    ['/topic/{name}', '/topic/a.b-c', true],
    ['/topic/{name}', '/topic/', false],
    ['/topic/{name}', '/topic', false],
    ['/topic/{name}', '/topic/a/b', false],
    ['/topic/{name}', '/queue/a', false],
    ['/topic/{a}/{b}', '/topic/a/b', true],
    ['/topic/x-{name}-y', '/topic/x-1-y', true],
    ['/topic/x-{name}-y', '/topic/x-y', false],
    ['/topic/x-{name}-y', '/topic/x--y', false],
    ['/topic/fixed', '/topic/fixed', true],
    ['/topic/fixed', '/topic/fixed/', false],
    ['/topic/{a}/{b}', '/topic/group/lobby', false],
    ['/user/{a}/{b}', '/user/queue/messages', false],
    ['/topic/{name}', '/topic/>', false],
    ['/topic/{name}', `/topic/${'x'.repeat(256)}`, false],
  ] as const)('%s and %s: %s', (pattern, destination, expected) => {
    expect(opens(pattern, destination)).toBe(expected);
  });
});

test('msgType goes to contentType and back, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (contentType) => {
      fc.pre(contentTypeOf(contentType) === contentType);
      expect(contentTypeOf(msgTypeOf(contentType))).toBe(contentType);
    }),
  );
  for (const msgType of ['TEXT', 'IMAGE', 'VIDEO', 'RED_PACKET', 'MixedCase'])
    expect(msgTypeOf(contentTypeOf(msgType))).toBe(msgType);
});
