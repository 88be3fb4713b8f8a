/** `dragoman doctor` names each planted fault, and what to do about it. */
import { describe, expect, it, test } from 'vitest';
import { dialects } from '../adapters/index.ts';
import type { CheckName } from '../core/doctor/finding.ts';
import { examine, failuresOf, of, PATIENCE, YAML } from './support/doctor.ts';
import { type Spoiled, spoil } from './support/doctor-proxy.ts';
import { startGateway } from './support/gateway.ts';
import { startBridge } from './upstream/bridge-kit.ts';

/** The configuration that a bridge to the server runs with. */
const bridgeYaml = (server: string): string =>
  YAML.replace(
    /\nendpoints:[\s\S]*?\n(?=\S|$)/,
    `\nendpoints:\n  - { path: /bridge/json/stomp, dialect: json, auth: demo, upstream: { url: "${server}/ws/im", dialect: stomp } }\n`,
  );

test('a bridge passes, and a server behind it that is down is found', async () => {
  const server = await startGateway();
  await using bridge = await startBridge({ server: server.ws, pairs: [['json', 'stomp']] });
  const yaml = bridgeYaml(server.ws);
  const well = await examine(bridge.http, { yaml });
  expect(failuresOf(well)).toEqual([]);
  expect(of(well, 'upstream')).toMatchObject({ result: 'pass' });
  await server.stop();
  const ill = await examine(bridge.http, { yaml, timeout: '1s' });
  expect(failuresOf(ill)).toMatchObject([{ check: 'upstream', remedy: expect.stringContaining(server.ws) }]);
});

/** Found by looking at a healthy gateway through what spoils it, or with a configuration that it does not run with. */
interface Fault {
  readonly name: string;
  readonly endpoint?: string;
  readonly spoiled?: Spoiled;
  /** What the doctor believes. */
  readonly believed?: (yaml: string) => string;
  /** What the gateway runs with. */
  readonly real?: (yaml: string) => string;
  readonly check: CheckName;
  readonly remedy: RegExp;
  /** What else fails for the same cause. */
  readonly also?: readonly CheckName[];
}

/** Sends the client's message again to its peer, as a gateway would that does not know it by its id. */
function repeating(): Pick<Fault, 'endpoint' | 'spoiled' | 'check'> {
  const seen = new Set<string>();
  let repeat = (): void => {};
  return {
    endpoint: '/ws/socket',
    check: 'duplicate',
    spoiled: {
      up: ({ text }) => {
        const id = /"event":"message".*"id":"([^"]+)"/.exec(text)?.[1];
        if (id === undefined) return undefined;
        if (seen.has(id)) repeat();
        seen.add(id);
        return undefined;
      },
      down: ({ text }, { tell }) => {
        if (text.includes('"event":"message"') && text.includes('first message')) repeat = () => tell(text);
        return undefined;
      },
    },
  };
}

const faults: readonly Fault[] = [
  {
    name: 'another secret',
    believed: (yaml) => yaml.replace(/secret: .*/, 'secret: some-other-secret-that-is-long-enough'),
    check: 'login',
    remedy: /secret, audience, issuer/,
  },
  {
    name: 'tokens that nobody checks',
    real: (yaml) =>
      yaml.replace('dialect: json\n    auth: demo', 'dialect: json\n    auth: none\n    namespace: x'),
    check: 'bad-login',
    remedy: /does not check tokens/,
    // The made-up token is a name there, and so is the real one.
    also: ['send', 'receive', 'duplicate'],
  },
  {
    name: 'any origin admitted',
    real: (yaml) => yaml.replace('dialect: json\n', 'dialect: json\n    origins: "*"\n'),
    check: 'origin',
    remedy: /origins/,
  },
  {
    name: 'a path that is missing',
    real: (yaml) => yaml.replace('path: /ws/json', 'path: /ws/other'),
    check: 'upgrade',
    remedy: /another configuration/,
  },
  {
    name: 'a larger frame limit',
    real: (yaml) => yaml.replace('dialect: json\n', 'dialect: json\n    limits: { frame: 1MiB }\n'),
    check: 'oversize',
    remedy: /limits\.frame/,
  },
  {
    name: 'SockJS switched off',
    endpoint: '/ws/im',
    real: (yaml) => yaml.replace('sockjs: true', 'sockjs: false'),
    check: 'sockjs',
    remedy: /below the path/,
  },
  {
    name: 'a proxy that drops subprotocols',
    endpoint: '/ws/im',
    spoiled: { noSubprotocol: true },
    check: 'upgrade',
    remedy: /Sec-WebSocket-Protocol/,
  },
  {
    name: 'acknowledgements that never come',
    spoiled: { down: ({ text }) => (text.includes('"type":"ack"') ? [] : undefined) },
    check: 'send',
    remedy: /readyz/,
    also: ['duplicate'],
  },
  {
    name: 'messages that get lost',
    spoiled: { down: ({ text }) => (text.includes('"type":"message"') ? [] : undefined) },
    check: 'receive',
    remedy: /get lost/,
  },
  {
    name: 'frames that come twice',
    spoiled: { down: ({ text }) => [text, text] },
    check: 'receive',
    remedy: /repeats frames/,
  },
  {
    name: 'a message that is delivered again when it is sent again',
    ...repeating(),
    remedy: /deduplication/,
  },
  { name: 'pongs that nobody sends', spoiled: { noPongs: true }, check: 'ping', remedy: /swallows pings/ },
  {
    name: 'heartbeats of the dialect that nobody answers',
    spoiled: { down: ({ text }) => (text.includes('pong') ? [] : undefined) },
    check: 'heartbeat',
    remedy: /take the connection for dead/,
  },
  {
    name: 'broken frames that end the connection',
    spoiled: {
      up: ({ text, binary }, { cut }) => {
        if (!binary && text.startsWith('dragoman doctor')) cut();
        return undefined;
      },
    },
    check: 'bad-frame',
    remedy: /proxy in between/,
  },
  {
    name: 'broken frames that nobody answers',
    spoiled: { down: ({ text }) => (text.includes('"type":"error"') ? [] : undefined) },
    check: 'bad-frame',
    remedy: /speak this dialect/,
    also: ['binary'],
  },
  {
    name: 'binary messages made text on the way',
    spoiled: { up: ({ text }) => [text] },
    check: 'binary',
    remedy: /closeCodes/,
  },
  {
    name: 'another clock',
    spoiled: { headers: { date: new Date(Date.now() - 600_000).toUTCString() } },
    check: 'clock',
    remedy: /NTP/,
  },
];

describe.concurrent('the planted fault is found, and what to do about it:', () => {
  it.each(faults)(
    '$name',
    async ({ endpoint = '/ws/json', spoiled, real, believed, check, remedy, also = [] }) => {
      await using gateway = await startGateway({ yaml: real?.(YAML) ?? YAML });
      await using proxy = await spoil(gateway, spoiled ?? {});
      const yaml = believed?.(YAML) ?? YAML;
      const report = await examine(proxy.url, { yaml, endpoint, timeout: PATIENCE });
      expect(report.code).toBe(1);
      expect(of(report, check)).toMatchObject({ result: 'fail', remedy: expect.stringMatching(remedy) });
      const others = failuresOf(report).filter((finding) => finding.check !== check);
      expect(others.filter((finding) => !also.includes(finding.check))).toEqual([]);
    },
  );

  it('a store that takes no writes', async () => {
    await using healthy = await startGateway();
    const store = {
      messages: healthy.gateway.hub.store,
      identities: healthy.gateway.hub.identities,
      health: () => ({ ok: false, error: 'no space left' }),
    };
    await using gateway = await startGateway({ store });
    const report = await examine(gateway.http, { endpoint: '/ws/json' });
    expect(failuresOf(report)).toMatchObject([{ check: 'ready', remedy: expect.stringContaining('disk') }]);
  });

  it('a gateway that is not there', async () => {
    const gateway = await startGateway();
    await gateway.stop();
    const report = await examine(gateway.http);
    expect(failuresOf(report)).toMatchObject([{ check: 'health', remedy: expect.stringContaining('start') }]);
  });

  it('an endpoint that speaks another dialect than the configuration says', async () => {
    await using gateway = await startGateway();
    const at = Object.fromEntries(gateway.config.endpoints.map(({ dialect, path }) => [dialect, path]));
    const pairs = dialects.flatMap(({ id: real }) =>
      dialects.filter(({ id }) => id !== real).map(({ id: believed }) => ({ real, believed })),
    );
    const missed = await Promise.all(
      pairs.map(async ({ real, believed }) => {
        const endpoint = `  - { path: ${at[real]}, dialect: ${believed}, auth: demo }\n`;
        const yaml = YAML.replace(/\nendpoints:[\s\S]*?\n(?=\S|$)/, `\nendpoints:\n${endpoint}`);
        const failures = failuresOf(
          await examine(gateway.http, { yaml, user: `${real}-${believed}`, timeout: PATIENCE }),
        );
        const named = failures.some(({ remedy = '' }) =>
          /speaks? .*dialect|speak \w+ at this path/.test(remedy),
        );
        return named ? [] : [{ real, believed, failures }];
      }),
    );
    expect(missed.flat()).toEqual([]);
  });
});
