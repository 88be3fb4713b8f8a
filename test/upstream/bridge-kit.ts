/** A gateway in front of a gateway: every pair of a client's dialect and a server's, over real sockets. */
import { dialects } from '../../adapters/index.ts';
import { DEFAULT_YAML, startGateway, type TestGateway, testConfig } from '../support/gateway.ts';

/** Where a client of one dialect gets to the hub by another. */
export const bridgePath = (client: string, server: string): string => `/bridge/${client}/${server}`;

/** Settings of an endpoint's server that a test wants different, as YAML in one line. */
export interface BridgeOptions {
  /** The `ws://` base of the server; a proxy, perhaps. */
  readonly server: string;
  readonly pairs?: readonly (readonly [client: string, server: string])[];
  /** Keys of `upstream`, of each pair. */
  readonly upstream?: string;
  /** Keys of the endpoint. */
  readonly endpoint?: string;
}

export const everyPair = dialects.flatMap((client) =>
  dialects.map((server) => [client.id, server.id] as const),
);

/** Where the default configuration has an endpoint of the dialect. */
export const hubPath = (dialect: string): string =>
  testConfig().endpoints.find((endpoint) => endpoint.dialect === dialect)?.path ?? `/ws/${dialect}`;

/** A gateway whose endpoints are bridges to the default endpoints of another one. */
export function startBridge(options: BridgeOptions): Promise<TestGateway> {
  const { server, pairs = everyPair, upstream = '', endpoint = '' } = options;
  const endpoints = pairs.map(([from, to]) => {
    // The hub's ourchat endpoint has numbers on its wire, for the users of the same table.
    const identity = dialects.find(({ id }) => id === to)?.defaults.identity ?? 'string';
    return `  - path: ${bridgePath(from, to)}
    dialect: ${from}
    auth: demo
    ${endpoint}
    upstream:
      url: ${server}${hubPath(to)}
      dialect: ${to}
      identity: ${identity}
      attend: [lobby]
      ${upstream}
`;
  });
  const yaml = DEFAULT_YAML.replace(/\nendpoints:[\s\S]*?\n(?=\S|$)/, `\nendpoints:\n${endpoints.join('')}`);
  return startGateway({ yaml });
}
