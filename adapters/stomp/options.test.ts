/** Options, destination patterns and content types. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../core/errors.ts';
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
