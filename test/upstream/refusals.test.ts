/** What the hub refuses, a client in front of a bridge hears as if it were at the hub itself: the same frame. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { administer } from '../../core/admin.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import type { RawClient } from '../support/raw-client.ts';
import { everySpeaker, type Speaker, type Words } from '../support/speakers.ts';
import { bridgePath, everyPair, hubPath, startBridge } from './bridge-kit.ts';

const speakerOf = (dialect: string): Speaker =>
  everySpeaker.find((each) => each.dialect === dialect) as Speaker;

/** Longer than the hub takes, shorter than the bridge does. */
const LONG = 'x'.repeat(200);

interface Refused {
  readonly code: string;
  say(speaker: Speaker, client: RawClient, words: Words): void;
  readonly content: string;
  /** Needs words for one user. */
  readonly direct: boolean;
}

const REFUSED: readonly Refused[] = [
  { code: 'content_too_long', direct: false, content: LONG, say: (speaker, ...rest) => speaker.say(...rest) },
  {
    code: 'blocked',
    direct: true,
    content: 'are you there?',
    say: ({ tell }, client, words) => tell?.(client, 'bob', words),
  },
  {
    code: 'recipient_unknown',
    direct: true,
    content: 'is anybody there?',
    // A number that nobody has has no name here either, and is refused before it is sent.
    say: ({ tell }, client, words) => tell?.(client, 'nobody', words),
  },
];

describe('a refusal', () => {
  let hub: TestGateway;
  let bridge: TestGateway;

  beforeAll(async () => {
    hub = await startGateway({ edit: (yaml) => `${yaml}\nlimits: { content: 100 }\n` });
    bridge = await startBridge({ server: hub.ws });
    await administer(hub.gateway.hub, {
      type: 'block_user',
      namespace: 'main',
      user: 'bob',
      blocked: 'alice',
      active: true,
    });
  });
  afterAll(async () => {
    await bridge.stop();
    await hub.stop();
  });

  /** The frame that refuses the message. */
  async function refusalAt(
    gateway: TestGateway,
    path: string,
    { from, refused }: { readonly from: string; readonly refused: Refused },
  ): Promise<string> {
    const speaker = speakerOf(from);
    const alice = await speaker.enter(gateway, 'alice', path);
    refused.say(speaker, alice, { user: 'alice', id: 'm-1', content: refused.content });
    const frame = await alice.next((wire) => isRefusal(wire));
    alice.terminate();
    await alice.closed;
    return frame;
  }

  for (const [from, to] of everyPair) {
    for (const refused of REFUSED) {
      const isSayable = [from, to].every((id) => !refused.direct || speakerOf(id).tell !== undefined);
      const isNumbered = refused.code === 'recipient_unknown' && from === 'ourchat';
      if (!isSayable || isNumbered) continue;
      test(`${refused.code} is the same to a ${from} client in front of a ${to} server`, async () => {
        const alone = await refusalAt(hub, hubPath(from), { from, refused });
        const bridged = await refusalAt(bridge, bridgePath(from, to), { from, refused });
        expect(bridged).toBe(WITHOUT_DETAIL.has(to) ? withoutDetail(alone) : alone);
      });
    }
  }
});

/** Their errors are fixed texts or numbers, with no place for more. */
const WITHOUT_DETAIL: ReadonlySet<string> = new Set(['json', 'room', 'ourchat']);

const DETAIL = ': at most 100 characters';

const withoutDetail = (wire: string): string =>
  wire.includes(DETAIL)
    ? wire
        .replace(DETAIL, '')
        .replace(/content-length:(\d+)/, (_all, length) => `content-length:${Number(length) - DETAIL.length}`)
    : wire;

const isRefusal = (wire: string): boolean =>
  wire.startsWith('ERROR\n') || /^\{"(?:type":"error"|event":"error"|status":0|type":"ERROR")/.test(wire);
