/**
 * The same conversation on the hub alone and through a bridge, in canonical form: equal but for what the loss table
 * says of the pair.
 */
import { describe, expect, test } from 'vitest';
import { dialects } from '../../adapters/index.ts';
import { administer } from '../../core/admin.ts';
import { fatesOf, isBookkeeping } from '../../core/translate/compare.ts';
import { type LossRow, type LossTable, lossesIn, pairLosses } from '../../core/translate/losses.ts';
import type { AdminCommand } from '../../schemas/admin-command.ts';
import type { Command } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Target } from '../../schemas/model.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectPeer, type Peer } from '../support/peer.ts';
import { connectSocket } from '../support/speakers.ts';
import { bridgePath, everyPair, hubPath, startBridge } from './bridge-kit.ts';

const LOBBY: Target = { type: 'group', id: 'lobby' };
const ALICE: Target = { type: 'user', id: 'alice' };
const BOB: Target = { type: 'user', id: 'bob' };

type Act = (command: Record<string, unknown>) => Promise<unknown>;

/** What others do, by the name of the turn. */
const TURNS: Readonly<Record<string, (act: Act, hub: TestGateway) => Promise<unknown>>> = {
  'a text to the group': (act) => act(say('t-1', LOBBY, { replyTo: 't-0' })),
  'a picture to the group': (act) =>
    act(say('t-2', LOBBY, { contentType: 'image', attachment: { url: 'https://example.com/a.png' } })),
  'a text to the user': (act) => act(say('t-3', ALICE)),
  'a message of the group is revoked': (act) =>
    act({ type: 'revoke', message: 't-1', author: 'bob', target: LOBBY }),
  'a message to the user is revoked': (act) =>
    act({ type: 'revoke', message: 't-3', author: 'bob', target: ALICE }),
  'somebody reads the group': (act) => act({ type: 'mark_read', reader: 'bob', target: LOBBY }),
  'somebody comes and goes': async (_act, hub) => {
    const carol = await connectSocket(hub, 'carol', ['group:lobby']);
    carol.send({ event: 'socket:unsubscribe', data: { channel: 'group:lobby' } });
    await carol.nextJson(({ event }) => event === 'socket:unsubscribed');
    await carol.close();
  },
  'a member is muted': (act) => act({ type: 'mute_member', group: 'lobby', user: 'dave', muted: true }),
  'a member is removed': (act) =>
    act({ type: 'remove_member', group: 'lobby', user: 'dave', reason: 'kicked' }),
  'an announcement': (act) => act({ type: 'announce', group: 'lobby', text: 'hear, hear' }),
  'a new owner': (act) => act({ type: 'transfer_group', group: 'lobby', newOwner: 'bob' }),
  'an invitation': (act) => act({ type: 'invite', group: 'staff', inviter: 'bob', user: 'alice' }),
  'a request of a contact': (act) =>
    act({ type: 'request_contact', request: 'q-1', from: 'erin', to: 'alice' }),
  'a contact accepts': (act) => act({ type: 'accept_contact', contact: 'erin', to: 'alice' }),
  'somebody types': (act) =>
    act({
      type: 'relay',
      from: 'bob',
      target: LOBBY,
      name: 'typing',
      headers: [],
      body: '{"on":true}',
      ephemeral: true,
    }),
};

const say = (clientId: string, target: Target, more: object = {}) => ({
  type: 'send_message',
  from: 'bob',
  target,
  content: clientId,
  contentType: 'text',
  clientId,
  ...more,
});

/** What alice asks for. */
const COMMANDS: readonly Command[] = [
  { type: 'send_message', target: LOBBY, content: 'one', contentType: 'text', clientId: 'a-1' },
  { type: 'send_message', target: BOB, content: 'two', contentType: 'text', clientId: 'a-2' },
  {
    type: 'send_message',
    target: { type: 'user', id: 'nobody' },
    content: 'three',
    contentType: 'text',
    clientId: 'a-3',
  },
  { type: 'mark_read', target: LOBBY },
  { type: 'revoke_message', message: 'a-1', target: LOBBY },
  { type: 'list_users', group: 'lobby' },
  { type: 'sync' },
];

interface Story {
  /** By turn, without what has no fixed place in time. */
  readonly heard: Readonly<Record<string, readonly Event[]>>;
  /** `ok` or the code of the refusal, by the command's place. */
  readonly answers: readonly string[];
}

async function enter(gateway: TestGateway, path: string): Promise<Peer> {
  const peer = await connectPeer(gateway, { path, user: 'alice' });
  await peer.deliver({ type: 'subscribe', target: LOBBY });
  await peer.deliver({ type: 'subscribe', target: ALICE });
  return peer;
}

/** A roster is pushed at its own times. */
const TIMELESS: ReadonlySet<Event['type']> = new Set(['user_list', 'authenticated']);

async function tell(hub: TestGateway, gateway: TestGateway, path: string): Promise<Story> {
  const act: Act = (command) =>
    administer(hub.gateway.hub, { namespace: 'main', ...command } as AdminCommand);
  let alice = await enter(gateway, path);
  const heard: Record<string, readonly Event[]> = {};
  const isMark = (event: Event, mark: string): boolean =>
    event.type === 'message' && event.message.content === mark;
  await act(say('begin', LOBBY));
  await alice.heard((event) => isMark(event, 'begin'));
  for (const [name, turn] of Object.entries(TURNS)) {
    const before = alice.events.length;
    await turn(act, hub);
    await act(say(`after ${name}`, LOBBY));
    await alice.heard((event) => isMark(event, `after ${name}`));
    heard[name] = alice.events
      .slice(before)
      .filter((event) => !TIMELESS.has(event.type) && !isMark(event, `after ${name}`));
  }
  const answers: string[] = [];
  for (const command of COMMANDS) {
    const outcome = await alice.deliver(
      command.type === 'send_message' || command.type === 'revoke_message'
        ? { ...command, claimedSender: 'alice' }
        : command,
    );
    answers.push(outcome.ok ? 'ok' : outcome.error.code);
    // A refusal may end the connection.
    if (!outcome.ok) {
      await alice.close();
      alice = await enter(gateway, path);
    }
  }
  await alice.close();
  return { heard, answers };
}

const TIMES: ReadonlySet<string> = new Set(['at', 'sentAt', 'createdAt']);
const isTime = (path: string): boolean => TIMES.has(path.split('.').at(-1) ?? '');

const BARE = ['group.open', 'group.owner.namespace'];

/** What comes in one dialect's words for it may have been something else before. */
const rowsOf = (table: LossTable, direction: LossRow['direction'], { type }: Event | Command) =>
  table.rows.filter((row) => row.direction === direction && (row.type === type || row.arrivesAs === type));

const vanishes = (rows: readonly LossRow[]): boolean =>
  rows.some((row) => row.fates['*'] === 'lost' || row.arrivesAs !== undefined);

/** What is different without a cell of the loss table that says so. */
function unexplained(
  alone: readonly Event[],
  bridged: readonly Event[],
  table: LossTable,
): readonly string[] {
  const left = [...bridged];
  const complaints: string[] = [];
  const others = new Set<string | undefined>();
  for (const event of alone) {
    const rows = rowsOf(table, 'to-client', event);
    const index = left.findIndex(({ type }) => type === event.type);
    const [arrived] = index < 0 ? [] : left.splice(index, 1);
    if (arrived === undefined) {
      for (const { arrivesAs } of rows) others.add(arrivesAs);
      if (!vanishes(rows)) complaints.push(`${event.type} is missing`);
      continue;
    }
    const known = new Set(rows.flatMap((row) => lossesIn(row).map(({ path }) => path)));
    // Of a group whose id is all that came, nothing else is certain either.
    if (known.has('group.description')) for (const field of BARE) known.add(field);
    for (const [path, fate] of Object.entries(fatesOf(event, arrived))) {
      if (fate === 'kept' || isTime(path) || isBookkeeping(event.type, path) || known.has(path)) continue;
      complaints.push(`${event.type} ${path} is ${fate}`);
    }
  }
  const surplus = left.filter(({ type }) => !others.has(type));
  return [...complaints, ...surplus.map(({ type }) => `${type} is new`)];
}

describe('the same conversation', () => {
  test.each(everyPair)('%s in front of %s', async (from, to) => {
    const [client, upstream] = [from, to].map((id) => dialects.find((each) => each.id === id));
    if (client === undefined || upstream === undefined) throw new Error('no such dialect');
    const table = pairLosses({ dialect: client }, { dialect: upstream });
    await using first = await startGateway();
    const alone = await tell(first, first, hubPath(from));
    await using hub = await startGateway();
    await using bridge = await startBridge({ server: hub.ws, pairs: [[from, to]] });
    const bridged = await tell(hub, bridge, bridgePath(from, to));

    const complaints = Object.keys(TURNS).flatMap((turn) =>
      unexplained(alone.heard[turn] ?? [], bridged.heard[turn] ?? [], table).map(
        (complaint) => `${turn}: ${complaint}`,
      ),
    );
    expect(complaints).toEqual([]);
    const surprises = COMMANDS.flatMap((command, index) => {
      const [here, there] = [alone.answers[index], bridged.answers[index]];
      if (here === there) return [];
      if (there === 'unsupported' && vanishes(rowsOf(table, 'to-server', command))) return [];
      return [`${command.type} ${index}: ${here} alone, ${there} through the bridge`];
    });
    expect(surprises).toEqual([]);
  });
});
