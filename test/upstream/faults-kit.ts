/** Bridges to a server that fails, and what their clients must have been told of each message at the end. */
import { vi } from 'vitest';
import { dialects } from '../../adapters/index.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import type { UpstreamMetrics } from '../../core/upstream/metrics.ts';
import type { Voice } from '../durability/voices.ts';
import { json, ourchat, room, stomp } from '../durability/voices.ts';
import { DEFAULT_YAML, startGateway, type TestGateway } from '../support/gateway.ts';
import type { RawClient } from '../support/raw-client.ts';
import { hubPath } from './bridge-kit.ts';

export const CLIENTS: readonly Voice[] = [json, room, stomp, ourchat];
export const SERVERS: readonly string[] = ['json', 'room', 'stomp', 'socket'];

export const PAIRS = CLIENTS.flatMap((voice) =>
  SERVERS.map((server) => ({ voice, client: voice.dialect, server })),
);

/** Limits that are not under test, out of the way. */
export const ROOMY = `
limits:
  rate: { perSecond: 100000, burst: 100000 }
  admission:
    connectionsPerAddress: 100000
    connectionsPerUser: 100000
    commandsPerUser: { perSecond: 100000, burst: 100000 }
`;

export interface BridgeSettings {
  /** Where the server is: a proxy's `ws://` base, or a whole URL. */
  readonly to: string;
  /** Keys of `upstream`, as YAML in one line each. */
  readonly upstream?: readonly string[];
  /** Keys of the endpoint. */
  readonly endpoint?: readonly string[];
  /** Top-level keys instead of `ROOMY`. */
  readonly top?: string;
  readonly servers?: readonly string[];
  readonly clients?: readonly string[];
}

/** A bridge: for the server `room`, say, the endpoints of the default configuration are below `/to/room`. */
export async function startFaultyBridge(settings: BridgeSettings): Promise<TestGateway> {
  const { to, upstream = [], endpoint = [], top = ROOMY, servers = SERVERS } = settings;
  const { clients = CLIENTS.map(({ dialect }) => dialect) } = settings;
  const endpoints = servers.flatMap((server) =>
    clients.map((client) => {
      const identity = dialects.find(({ id }) => id === server)?.defaults.identity ?? 'string';
      const url = new URL(to).pathname === '/' ? `${to}${hubPath(server)}` : to;
      return [
        `  - path: /to/${server}${hubPath(client)}`,
        `    dialect: ${client}`,
        '    auth: demo',
        ...endpoint.map((line) => `    ${line}`),
        '    upstream:',
        `      url: ${url}`,
        `      dialect: ${server}`,
        `      identity: ${identity}`,
        '      attend: [lobby]',
        ...upstream.map((line) => `      ${line}`),
        '',
      ].join('\n');
    }),
  );
  const yaml = `${DEFAULT_YAML.replace(/\nendpoints:[\s\S]*?\n(?=\S|$)/, `\nendpoints:\n${endpoints.join('')}`)}${top}`;
  return startGateway({ yaml });
}

/** Where a client of the bridge knocks, to get to the server of this dialect. */
export const doorTo = (bridge: TestGateway, server: string) => ({
  ws: `${bridge.ws}/to/${server}`,
  token: (user: string) => bridge.token(user),
});

export const startHub = (edit: (yaml: string) => string = (yaml) => yaml): Promise<TestGateway> =>
  startGateway({ edit: (yaml) => edit(yaml) + ROOMY });

export function endpointOf(bridge: TestGateway, server: string, client: string): Endpoint {
  const path = `/to/${server}${hubPath(client)}`;
  const endpoint = bridge.gateway.hub.endpoints.find((candidate) => candidate.path === path);
  if (endpoint === undefined) throw new Error(`no endpoint ${path}`);
  return endpoint;
}

export function upstreamMetrics(bridge: TestGateway, server: string, client: string): UpstreamMetrics {
  const { bridge: found } = endpointOf(bridge, server, client);
  if (found === undefined) throw new Error('not a bridge');
  return found.upstream.metrics;
}

/** Waits for a state that some event will bring. */
export const until = (state: () => boolean): Promise<unknown> =>
  vi.waitUntil(state, { timeout: 20_000, interval: 2 });

/** What a client was told of its messages: those that are stored, and how many were refused. */
export function toldOf(voice: Voice, client: RawClient, user: string) {
  const acknowledged = client.received
    .map((wire) => voice.acknowledged(wire, user))
    .filter((content) => content !== undefined);
  const refused = client.received
    .map((wire) => voice.refused(wire))
    .filter((refusal) => refusal !== undefined);
  return { acknowledged, refused };
}

/** What a client was shown of others' messages, in order. */
export const shownTo = (voice: Voice, client: RawClient, from?: string): readonly string[] =>
  client.received
    .map((wire) => voice.heard(wire))
    .filter((heard) => heard !== undefined && (from === undefined || heard.from === from))
    .map((heard) => heard?.content ?? '');

/** Waits until each of so many messages has been acknowledged or refused, or the client is told and ended. */
export const answered = (
  voice: Voice,
  client: RawClient,
  { user, count }: { readonly user: string; readonly count: number },
): Promise<unknown> =>
  until(() => {
    const { acknowledged, refused } = toldOf(voice, client, user);
    return new Set(acknowledged).size + refused.length >= count || hasEnded(client);
  });

export const hasEnded = ({ socket: { readyState, CLOSED } }: RawClient): boolean => readyState === CLOSED;

/** Whether the first comes in the order of the second, each once. */
export function inOrder(contents: readonly string[], order: readonly string[]): boolean {
  const places = contents.map((content) => order.indexOf(content));
  return places.every((place, index) => place >= 0 && (index === 0 || place > (places[index - 1] ?? 0)));
}
