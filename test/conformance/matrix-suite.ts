/**
 * Every dialect with every dialect, over real ports: a sender and a receiver, both driven by the adapters' own
 * client faces, exchange contents of all kinds in a group and in private.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnyDialect, Outcome } from '../../core/dialect.ts';
import type { Event } from '../../schemas/event.ts';
import type { Target } from '../../schemas/model.ts';
import { CONTENTS, escapedJson } from '../support/contents.ts';
import { DEFAULT_YAML, startGateway, type TestGateway } from '../support/gateway.ts';
import { connectPeer, type Peer } from '../support/peer.ts';

/** Dialects that have no direct messages, each with the reason. */
export type WithoutDirectMessages = Readonly<Record<string, string>>;

const LOBBY: Target = { type: 'group', id: 'lobby' };
const SENDER = 'alice';
const RECEIVER = 'bob';

/** The default users and groups, with an endpoint for each dialect, all by its defaults. */
function yamlFor(dialects: readonly AnyDialect[]): string {
  const endpoints = dialects.map(({ id }) => `  - { path: ${pathOf(id)}, dialect: ${id}, auth: demo }\n`);
  return DEFAULT_YAML.replace(/\nendpoints:\n(?: .*\n|\n)*/, `\nendpoints:\n${endpoints.join('')}`);
}

const pathOf = (dialect: string): string => `/ws/${dialect}`;

const isUnsupported = (outcome: Outcome): boolean => !outcome.ok && outcome.error.code === 'unsupported';

/** Is in the lobby; tells whether direct messages come too, as far as the dialect has them. */
async function arrive(peer: Peer): Promise<{ readonly direct: boolean }> {
  const attended = await peer.deliver({ type: 'subscribe', target: LOBBY });
  expect(attended).toMatchObject({ ok: true });
  const inbox = await peer.deliver({ type: 'subscribe', target: { type: 'user', id: peer.user } });
  expect(inbox.ok || isUnsupported(inbox)).toBe(true);
  return { direct: inbox.ok };
}

/** Delivers each content, one after the other, and gives how each was answered. */
async function sendAll(peer: Peer, target: Target, contents: readonly string[]): Promise<readonly string[]> {
  const answers: string[] = [];
  const run = crypto.randomUUID();
  for (const [index, content] of contents.entries()) {
    const outcome = await peer.deliver({
      type: 'send_message',
      target,
      content,
      contentType: 'text',
      clientId: `${run}-${index}`,
      claimedSender: peer.user,
    });
    answers.push(outcome.ok ? outcome.result.type : outcome.error.code);
  }
  return answers;
}

/** The first `count` messages that came to the target from the sender, in their order. */
async function messagesTo(peer: Peer, target: Target, count: number): Promise<readonly Received[]> {
  const received: Received[] = [];
  await peer.heard((event: Event) => {
    if (event.type !== 'message' || event.message.to.type !== target.type) return false;
    const { from, to, content } = event.message;
    received.push({ from: from.id, to: to.id, content });
    return received.length === count;
  });
  return received;
}

interface Received {
  readonly from: string;
  readonly to: string;
  readonly content: string;
}

/** Runs the matrix over the dialects; with `about`, only those pairs that this dialect is part of. */
export function describeMatrix(
  dialects: readonly AnyDialect[],
  without: WithoutDirectMessages,
  about?: string,
): void {
  const ids = dialects.map(({ id }) => id);
  const pairs = ids
    .flatMap((from) => ids.map((to) => ({ from, to })))
    .filter(({ from, to }) => about === undefined || from === about || to === about);

  describe.each(pairs)('from $from to $to', ({ from, to }) => {
    let gateway: TestGateway;
    let sender: Peer;
    let receiver: Peer;
    /** JSON dialects are sent everything twice: as it is, and with escapes for all that is not ASCII. */
    let escaping = false;
    let canSend: boolean;
    let canReceive: boolean;
    const contents = Object.values(CONTENTS);
    const silentAbout = [...new Set([from, to])].filter((id) => Object.hasOwn(without, id));

    beforeAll(async () => {
      gateway = await startGateway({ yaml: yamlFor(dialects), dialects });
      const rewrite = (wire: string): string => (escaping && wire.startsWith('{') ? escapedJson(wire) : wire);
      sender = await connectPeer(gateway, { path: pathOf(from), user: SENDER, rewrite });
      receiver = await connectPeer(gateway, { path: pathOf(to), user: RECEIVER });
      canSend = (await arrive(sender)).direct;
      canReceive = (await arrive(receiver)).direct;
    });
    afterAll(() => gateway.stop());

    /** `turn` counts the exchanges with this target, from 0. */
    const exchange = async (target: Target, turn: number): Promise<void> => {
      const heard = messagesTo(receiver, target, contents.length * (turn + 1));
      const answers = await sendAll(sender, target, contents);
      expect(answers).toEqual(contents.map(() => 'stored'));
      const expected = contents.map((content) => ({ from: SENDER, to: target.id, content }));
      expect((await heard).slice(turn * contents.length)).toEqual(expected);
    };
    const exchangeTwice = async (target: Target): Promise<void> => {
      await exchange(target, 0);
      escaping = true;
      await exchange(target, 1);
      escaping = false;
    };

    it('brings each group message exactly as it was written', () => exchangeTwice(LOBBY));

    if (silentAbout.length === 0) {
      it('brings each private message exactly as it was written', async () => {
        expect({ canSend, canReceive }).toEqual({ canSend: true, canReceive: true });
        await exchangeTwice({ type: 'user', id: RECEIVER });
      });
    } else {
      const reasons = silentAbout.map((id) => `${id}: ${without[id]}`).join('; ');
      it(`has no private messages (${reasons})`, async () => {
        expect({ canSend, canReceive }).toEqual({
          canSend: !(from in without),
          canReceive: !(to in without),
        });
        const answers = await sendAll(sender, { type: 'user', id: RECEIVER }, ['hello']);
        // A dialect that can say it has the message stored, even if this receiver can never be told.
        expect(answers).toEqual([from in without ? 'unsupported' : 'stored']);
        await sendAll(sender, LOBBY, ['goodbye']);
        await receiver.heard((event) => event.type === 'message' && event.message.content === 'goodbye');
        expect(receiver.events.filter(isDirect)).toEqual([]);
      });
    }
  });
}

const isDirect = (event: Event): boolean => event.type === 'message' && event.message.to.type === 'user';
