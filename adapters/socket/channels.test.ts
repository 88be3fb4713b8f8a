/** Channel names as properties, and the options that shape them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../core/errors.ts';
import { connectionFor, endpointFor } from '../../test/support/drive.ts';
import { ChannelMap } from './channels.ts';
import { socketDialect } from './index.ts';
import { SocketOptions } from './options.ts';
import { isReservedName } from './wire.ts';
import { SERVER_SCHEMAS } from './wire-schemas.ts';

describe('names', () => {
  it('reserves every name that the server uses', () => {
    for (const name of Object.keys(SERVER_SCHEMAS))
      expect([name, isReservedName(name)]).toEqual([name, name !== 'event']);
  });

  it('finds for each target a name that leads back to it, or none', () => {
    const patterns = fc.array(
      fc.record({
        pattern: fc
          .tuple(fc.string({ maxLength: 3 }), fc.string({ maxLength: 3 }))
          .map(([a, b]) => `${a}{id}${b}`),
        target: fc.constantFrom('user' as const, 'group' as const),
      }),
      { maxLength: 4 },
    );
    const target = fc.record({
      type: fc.constantFrom('user' as const, 'group' as const),
      id: fc.oneof(
        fc.string({ minLength: 1 }),
        fc.string({ minLength: 1 }).map((name) => `channel:${name}`),
      ),
    });
    fc.assert(
      fc.property(patterns, target, (list, wanted) => {
        const map = new ChannelMap(list.filter(({ pattern }) => pattern.split('{id}').length === 2));
        const name = map.nameOf(wanted);
        if (name !== undefined) expect(map.resolve(name)).toEqual(wanted);
      }),
    );
  });

  it('gives each open group exactly one name', () => {
    const map = new ChannelMap(SocketOptions.parse({}).channels);
    const name = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.constantFrom('group:channel:x', 'private-group:channel:x', 'x'),
    );
    fc.assert(
      fc.property(name, name, (one, other) => {
        const target = map.resolve(one);
        if (one === other || target instanceof GatewayError || !target.id.startsWith('channel:')) return;
        expect(map.resolve(other)).not.toEqual(target);
      }),
    );
  });
});

describe('options', () => {
  it('have a default each, and a description', () => {
    expect(SocketOptions.parse({})).toEqual({
      channels: [
        { pattern: 'user:{id}', target: 'user' },
        { pattern: 'group:{id}', target: 'group' },
        { pattern: 'private-group:{id}', target: 'group' },
      ],
      channelKeys: {},
      maxChannels: 1000,
      maxSubscriptions: 2000,
      clientEvents: true,
      echoChannel: false,
      heartIntervalSeconds: 30,
      heartTimeoutSeconds: 25,
      serverPing: false,
      pingIntervalMs: 30_000,
      pongTimeoutMs: 25_000,
    });
    for (const [key, schema] of Object.entries(SocketOptions.shape))
      expect([key, schema.description]).toEqual([key, expect.any(String)]);
  });

  it.each([
    { channels: [{ pattern: 'user', target: 'user' }] },
    { channels: [{ pattern: '{id}{id}', target: 'user' }] },
    { channels: [{ pattern: '{id}', target: 'topic' }] },
    { channelKeys: { '': 's' } },
    { channelKeys: { k: '' } },
    { pingIntervalMs: 0 },
    { maxChannels: -1 },
    { heartIntervalSeconds: 0.5 },
    { unknown: true },
  ])('refuse %j', (options) => {
    expect(SocketOptions.safeParse(options).success).toBe(false);
  });

  it('tell core how to treat connections', () => {
    expect(socketDialect.policy(SocketOptions.parse({ maxChannels: 5 }))).toEqual({
      attendance: 'explicit',
      inbox: 'subscribe',
      replay: 'attend',
      transientGroups: { prefix: 'channel:', limit: 5 },
    });
  });

  it('are compiled once per endpoint and shared by its connections', () => {
    const make = socketDialect.server(endpointFor(socketDialect));
    expect(make(connectionFor()).codec).toBe(make(connectionFor()).codec);
  });
});
