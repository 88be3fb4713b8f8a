/**
 * Every client dialect in front of every upstream dialect, by clients that write their frames by hand: a bridge, and
 * behind it the hub, with clients of its own.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { administer } from '../../core/admin.ts';
import type { AdminCommand } from '../../schemas/admin-command.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import type { RawClient } from '../support/raw-client.ts';
import { everySpeaker, hears, isStored, messagesHeard, type Speaker, speakers } from '../support/speakers.ts';
import { between, storedContents } from '../support/store-view.ts';
import { bridgePath, everyPair, startBridge } from './bridge-kit.ts';

const speakerOf = (dialect: string): Speaker =>
  everySpeaker.find((each) => each.dialect === dialect) as Speaker;

let words = 0;
const wordsOf = (user: string, content: string) => ({ user, id: `${user}-${++words}`, content });

describe.each(everyPair)('a %s client in front of a %s server', (from, to) => {
  const speaker = speakerOf(from);
  const behind = speakerOf(to);
  let hub: TestGateway;
  let bridge: TestGateway;
  let alice: RawClient;
  /** A client of the hub's own. */
  let bob: RawClient;

  beforeAll(async () => {
    hub = await startGateway();
    bridge = await startBridge({ server: hub.ws, pairs: [[from, to]] });
    bob = await speakers.json.enter(hub, 'bob');
    alice = await speaker.enter(bridge, 'alice', bridgePath(from, to));
  });
  afterAll(async () => {
    await bridge.stop();
    await hub.stop();
  });

  /** A refusal ends a STOMP connection where a receipt was asked for. */
  const stillThere = async (): Promise<void> => {
    if (from !== 'stomp') return;
    await alice.closed;
    alice = await speaker.enter(bridge, 'alice', bridgePath(from, to));
  };

  const act = (command: Record<string, unknown>) =>
    administer(hub.gateway.hub, { namespace: 'main', ...command } as AdminCommand);

  /** Bob speaks last, so that alice has heard all that came before. */
  const catchUp = async (content: string): Promise<void> => {
    speakers.json.say(bob, wordsOf('bob', content));
    await hears(speaker, alice, content);
  };

  test('group messages go both ways, each once, and are acknowledged once the hub has them', async () => {
    const own = wordsOf('alice', 'up');
    speaker.say(alice, own);
    await isStored(speaker, alice, own);
    expect(await storedContents(hub)).toEqual(['up']);
    expect(await hears(speakers.json, bob, 'up')).toEqual({ from: 'alice', content: 'up' });
    await catchUp('down');
    const copy = speaker.copy ? [{ from: 'alice', content: 'up' }] : [];
    expect(messagesHeard(speaker, alice)).toEqual([...copy, { from: 'bob', content: 'down' }]);
    expect(messagesHeard(speakers.json, bob)).toEqual([{ from: 'alice', content: 'up' }]);
  });

  test('twenty at once arrive in order, none twice', async () => {
    const many = Array.from({ length: 20 }, (_, index) => wordsOf('alice', `many ${index}`));
    for (const own of many) speaker.say(alice, own);
    for (const own of many) await isStored(speaker, alice, own);
    const contents = many.map(({ content }) => content);
    expect((await storedContents(hub)).filter((content) => content.startsWith('many'))).toEqual(contents);
    await catchUp('enough');
    const copies = messagesHeard(speaker, alice).filter(({ content }) => content.startsWith('many'));
    expect(copies.map(({ content }) => content)).toEqual(speaker.copy ? contents : []);
    await hears(speakers.json, bob, 'many 19');
  });

  test('the same words twice are two messages', async () => {
    const [first, second] = [wordsOf('alice', 'again'), wordsOf('alice', 'again')];
    speaker.say(alice, first);
    await isStored(speaker, alice, first);
    speaker.say(alice, second);
    await isStored(speaker, alice, second);
    expect((await storedContents(hub)).filter((content) => content === 'again')).toHaveLength(2);
  });

  const { tell } = speaker;
  if (tell !== undefined && behind.tell !== undefined) {
    test('direct messages go both ways', async () => {
      const own = wordsOf('alice', 'psst');
      tell(alice, 'bob', own);
      await isStored(speaker, alice, own);
      expect(await storedContents(hub, between('alice', 'bob'))).toEqual(['psst']);
      expect(await hears(speakers.json, bob, 'psst')).toEqual({ from: 'alice', content: 'psst' });
      speakers.json.tell?.(bob, 'alice', wordsOf('bob', 'psst, too'));
      expect(await hears(speaker, alice, 'psst, too')).toEqual({ from: 'bob', content: 'psst, too' });
      await catchUp('said');
      const heard = messagesHeard(speaker, alice).map(({ content }) => content);
      expect(heard.filter((content) => content.startsWith('psst, too'))).toHaveLength(1);
    });
  } else {
    test('direct messages are nowhere sent and nowhere shown', async () => {
      tell?.(alice, 'bob', wordsOf('alice', 'psst'));
      if (tell !== undefined) await stillThere();
      speakers.json.tell?.(bob, 'alice', wordsOf('bob', 'psst, too'));
      await catchUp('nothing');
      expect(await storedContents(hub, between('alice', 'bob'))).toEqual(['psst, too']);
      expect(messagesHeard(speaker, alice).map(({ content }) => content)).not.toContain('psst, too');
    });
  }

  test('who is muted hears so in the words of the dialect, with the id of the message', async () => {
    await act({ type: 'mute_member', group: 'lobby', user: 'alice', muted: true });
    const own = wordsOf('alice', 'hmpf');
    speaker.say(alice, own);
    await alice.next((wire) => isMuted(from, wire, own.id));
    await act({ type: 'mute_member', group: 'lobby', user: 'alice', muted: false });
    await stillThere();
    const later = wordsOf('alice', 'ah');
    speaker.say(alice, later);
    await isStored(speaker, alice, later);
    expect(await storedContents(hub)).not.toContain('hmpf');
  });
});

/** The refusal of a message as the hub says it itself, by the dialect's PROTOCOL.md. */
function isMuted(dialect: string, wire: string, id: string): boolean {
  if (dialect === 'stomp') {
    return (
      wire.startsWith('ERROR\n') && wire.includes('message:muted') && wire.includes(`receipt-id:r-${id}\n`)
    );
  }
  const frame = JSON.parse(wire) as Record<string, unknown>;
  const error = { message: '你已被禁言', messageId: id };
  switch (dialect) {
    case 'json':
      return JSON.stringify(frame) === JSON.stringify({ type: 'error', data: error });
    case 'room':
      return frame.status === 0 && frame.msg === '你已被禁言';
    case 'socket': {
      const { code, messageId } = (frame.data ?? {}) as Record<string, unknown>;
      return frame.event === 'error' && code === 'muted' && messageId === id;
    }
    default:
      return frame.type === 'ERROR' && frame.message === '你已被禁言';
  }
}
