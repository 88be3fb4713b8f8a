/**
 * What an acknowledgement is worth: computed by giving commands to each dialect's client face, and seeing whether
 * the face says by itself how they ended or waits for the server's word.
 */
import type { Command } from '../../schemas/command.ts';
import type { AnyDialect } from '../dialect.ts';
import { hubAnswer } from './hub-answers.ts';
import { CONNECTION_ID, type Occurrence } from './loopback.ts';
import { ALICE, LOBBY, MESSAGE, TEAM, TO_ALICE } from './sample-nouns.ts';
import { COMMAND_SAMPLES, nameOf, type Sample } from './samples.ts';
import { countedIds } from './stand-ins.ts';
import { prepare, type Traveller } from './trip.ts';

/**
 * `confirmed upstream`: the server has said so. `synthetic`: nobody has; the command has been sent, or needs no
 * sending. `refused`: the dialect has no words for it, and the client is told that.
 */
export type AckTruth = 'confirmed upstream' | 'synthetic' | 'refused';

/** A server's dialect, with the options that change what is known of it. */
export interface AckWire {
  readonly dialect: AnyDialect;
  readonly options?: unknown;
}

const PLACES = [LOBBY, TEAM, TO_ALICE];

const travellerOf = (wire: AckWire, sample: Pick<Sample<unknown>, 'attends'>): Traveller => ({
  ...wire,
  user: ALICE,
  attends: sample.attends,
});

/** How the client of a server of this dialect learns how a command ended. */
export function ackTruth(wire: AckWire, sample: Sample<Command>): AckTruth {
  const user = ALICE;
  const groups = new Set([LOBBY.id, TEAM.id]);
  const newId = countedIds();
  const { loopback } = prepare(travellerOf(wire, sample), {
    onCommand: (command) => hubAnswer(command, { user, connectionId: CONNECTION_ID, groups, newId }),
  });
  const happened = loopback.deliver('to-server', sample.value, 1);
  const end = happened.findIndex((each) => each.kind === 'settled' && each.ref === 1);
  const settled = happened[end];
  if (settled?.kind !== 'settled' || !settled.outcome.ok) return 'refused';
  return happened.slice(0, end).some(isFromServer) ? 'confirmed upstream' : 'synthetic';
}

const isFromServer = (each: Occurrence): boolean => each.kind === 'sent' && each.direction === 'to-client';
const isToServer = (each: Occurrence): boolean => each.kind === 'sent' && each.direction === 'to-server';

/** Whether a client of this dialect is told that its own message has been taken: by an ack, or by its echo. */
export function hasSign({ dialect, options }: AckWire): boolean {
  const [sample] = COMMAND_SAMPLES.send_message.filter(({ about }) => about === 'text to the lobby');
  if (sample === undefined) throw new Error('no sample of a text');
  const { loopback } = prepare(travellerOf({ dialect, options }, sample));
  return loopback.deliver('to-server', sample.value, 1).some(isFromServer);
}

/** Whether a server of this dialect hears that a message has arrived at the client, once it has. */
export function tellsDelivery(wire: AckWire): boolean {
  const { loopback } = prepare(travellerOf(wire, { attends: PLACES }));
  const event = { type: 'message', namespace: ALICE.namespace, message: MESSAGE } as const;
  const answered = loopback.deliver('to-client', event).some(isToServer);
  const policy = wire.dialect.policy(wire.dialect.options.parse(wire.options ?? {}));
  return answered && policy.confirmsUpstream === true;
}

const toPlace = ({ value }: Sample<Command>): boolean =>
  'target' in value && (value.target?.type === 'topic' || value.target?.type === 'queue');

/** Commands whose end a client may want to know; topics and queues exist where an operator has made them. */
const ASKED: readonly Sample<Command>[] = [
  ...COMMAND_SAMPLES.send_message,
  ...COMMAND_SAMPLES.send_batch,
  ...COMMAND_SAMPLES.revoke_message,
  ...COMMAND_SAMPLES.mark_read,
  ...COMMAND_SAMPLES.join_group,
  ...COMMAND_SAMPLES.leave_group,
  ...COMMAND_SAMPLES.subscribe,
  ...COMMAND_SAMPLES.sync,
  ...COMMAND_SAMPLES.relay,
].filter((sample) => !toPlace(sample));

const TEXT = ASKED.find((sample) => nameOf(sample) === 'send_message: text to the lobby');

type Row = readonly string[];

export interface AckTable {
  readonly head: Row;
  readonly rows: readonly Row[];
}

/** A server's dialect under the name that a table has for it. */
export type NamedWire = AckWire & { readonly name: string };

/** What a client's sign that its message was taken is worth, for each pair. */
export function messageAcks(clients: readonly AnyDialect[], servers: readonly NamedWire[]): AckTable {
  return {
    head: ['client \\ server', 'no server behind', ...servers.map(({ name }) => name)],
    rows: clients.map((dialect) => {
      const has = hasSign({ dialect });
      const truths = servers.map((wire) => (TEXT === undefined ? 'refused' : ackTruth(wire, TEXT)));
      return [dialect.id, ...['stored here', ...truths].map((truth) => (has ? truth : 'nothing is said'))];
    }),
  };
}

/** What each kind of answer is worth, by the server's dialect; what the server learns of deliveries comes last. */
export function commandAcks(servers: readonly NamedWire[]): AckTable {
  return {
    head: ['what is asked', ...servers.map(({ name }) => name)],
    rows: [
      ...ASKED.map((sample) => [nameOf(sample), ...servers.map((wire) => ackTruth(wire, sample))]),
      [
        'the server is told of a delivery',
        ...servers.map((wire) => (tellsDelivery(wire) ? 'delivered' : 'never')),
      ],
    ],
  };
}
