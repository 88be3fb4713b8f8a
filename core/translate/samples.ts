/**
 * One fully populated sample of each command and each event, several where it matters whom or what it is about.
 * The loss table is what becomes of them. A type without a sample does not compile.
 */
import type { Command, CommandType } from '../../schemas/command.ts';
import type { Event, EventType } from '../../schemas/event.ts';
import type { Destination } from '../../schemas/model.ts';
import {
  ALICE,
  AT,
  ATTACHMENT,
  BOB,
  CAROL,
  EXTENSIONS,
  LOBBY,
  LOBBY_GROUP,
  MESSAGE,
  TEAM,
  TO_ALICE,
  TO_BOB,
  textMessage,
} from './sample-nouns.ts';
import { NAMESPACE, TOKEN } from './stand-ins.ts';

/** `about` tells several samples of a type apart; empty where there is one. */
export interface Sample<Value> {
  readonly about: string;
  readonly value: Value;
  /** What the connection attends beforehand, as far as the dialect can. */
  readonly attends: readonly Destination[];
  /** Without attending this, there is nothing to say. */
  readonly needs?: Destination;
}

type SamplesOf<Value extends { readonly type: string }> = {
  readonly [Type in Value['type']]: readonly [
    Sample<Extract<Value, { readonly type: Type }>>,
    ...Sample<Extract<Value, { readonly type: Type }>>[],
  ];
};

const PLACES: readonly Destination[] = [LOBBY, TEAM, TO_ALICE];
const TOPIC: Destination = { type: 'topic', id: '/topic/prices' };
const QUEUE: Destination = { type: 'queue', id: '/queue/work' };

const sample = <Value>(value: Value, about = '', attends = PLACES): Sample<Value> => ({
  about,
  value,
  attends,
});
const inPlace = <Value>(value: Value, about: string, needs: Destination): Sample<Value> => ({
  ...sample(value, about, [needs]),
  needs,
});
const unprepared = <Value>(value: Value, about = ''): Sample<Value> => sample(value, about, []);

const send = {
  type: 'send_message',
  content: MESSAGE.content,
  contentType: 'image',
  clientId: 'client-message-8',
  claimedSender: ALICE.id,
  replyTo: 'client-message-7',
  attachment: ATTACHMENT,
  extensions: EXTENSIONS,
} as const;
const { attachment: _attachment, ...text } = { ...send, contentType: 'text' } as const;
const relay = {
  type: 'relay',
  name: 'typing',
  headers: [['priority', '9']],
  body: '{"on":true}',
  ephemeral: true,
} as const;
const BYTES = Uint8Array.of(0, 255, 254, 10);

export const COMMAND_SAMPLES: SamplesOf<Command> = {
  authenticate: [unprepared({ type: 'authenticate', credentials: [{ kind: 'token', token: TOKEN }] })],
  send_message: [
    sample({ ...send, target: LOBBY }, 'a picture to the lobby'),
    sample({ ...text, target: LOBBY }, 'text to the lobby'),
    sample({ ...text, target: TEAM }, 'text to another group'),
    sample({ ...text, target: TO_BOB, onlineOnly: true }, 'text to a user'),
  ],
  send_batch: [
    sample({
      type: 'send_batch',
      items: [
        { ...text, target: LOBBY },
        { ...text, clientId: 'client-message-9', target: TO_BOB },
        { type: 'revoke_message', message: 'client-message-7', target: LOBBY, claimedSender: ALICE.id },
      ],
    }),
  ],
  revoke_message: [
    sample(
      { type: 'revoke_message', message: 'client-message-7', target: LOBBY, claimedSender: ALICE.id },
      'of the lobby',
    ),
    sample(
      { type: 'revoke_message', message: 'client-message-7', target: TO_BOB, claimedSender: ALICE.id },
      'of a user',
    ),
  ],
  mark_read: [
    sample({ type: 'mark_read', target: LOBBY, message: 'client-message-7' }, 'of the lobby'),
    sample({ type: 'mark_read', target: TO_BOB, message: 'client-message-7' }, 'of a user'),
  ],
  settle_delivery: [
    sample(
      {
        type: 'settle_delivery',
        deliveries: [{ kind: 'message', message: MESSAGE.id, conversation: 'group:lobby', sequence: 42 }],
        accepted: true,
      },
      'of a message',
    ),
    inPlace(
      {
        type: 'settle_delivery',
        deliveries: [{ kind: 'queue', queue: QUEUE.id, delivery: 'delivery-1' }],
        accepted: false,
      },
      'of a queue, refused',
      QUEUE,
    ),
  ],
  sync: [sample({ type: 'sync' }, 'everything'), sample({ type: 'sync', target: LOBBY }, 'the lobby')],
  join_group: [
    unprepared(
      { type: 'join_group', group: LOBBY.id, exclusive: true, claimedSender: ALICE.id },
      'the lobby',
    ),
    unprepared(
      { type: 'join_group', group: TEAM.id, exclusive: false, claimedSender: ALICE.id },
      'another group',
    ),
  ],
  leave_group: [sample({ type: 'leave_group', group: LOBBY.id, claimedSender: ALICE.id })],
  subscribe: [
    unprepared({ type: 'subscribe', target: LOBBY }, 'the lobby'),
    unprepared({ type: 'subscribe', target: TEAM }, 'another group'),
    unprepared({ type: 'subscribe', target: TO_ALICE }, 'the own inbox'),
    unprepared({ type: 'subscribe', target: TOPIC }, 'a topic'),
    unprepared({ type: 'subscribe', target: QUEUE }, 'a queue'),
  ],
  unsubscribe: [
    sample({ type: 'unsubscribe', target: LOBBY }, 'the lobby'),
    sample({ type: 'unsubscribe', target: TO_ALICE }, 'the own inbox'),
    inPlace({ type: 'unsubscribe', target: TOPIC }, 'a topic', TOPIC),
  ],
  list_users: [sample({ type: 'list_users', group: LOBBY.id })],
  relay: [
    sample({ ...relay, target: LOBBY }, 'to the lobby, forgotten at once'),
    sample({ ...relay, target: TO_BOB }, 'to a user, forgotten at once'),
    sample({ ...relay, target: TOPIC }, 'to a topic'),
    sample({ ...relay, target: QUEUE, body: BYTES, ephemeral: false }, 'bytes to a queue'),
  ],
  report_error: [sample({ type: 'report_error', code: '1001', message: 'it did not work' })],
  disconnect: [sample({ type: 'disconnect' })],
};

/** Caused by a connection that no wire knows. */
const caused = { namespace: NAMESPACE, origin: 'c-elsewhere' } as const;
const inLobby = { ...caused, group: LOBBY_GROUP, at: AT } as const;
const relayed = {
  type: 'relayed',
  ...caused,
  id: '01KCDN0VMTB6W2X8H5QZ3C4D7F',
  name: 'typing',
  headers: [['priority', '9']],
  body: '{"on":true}',
  ephemeral: true,
  from: BOB,
} as const;

export const EVENT_SAMPLES: SamplesOf<Event> = {
  authenticated: [unprepared({ type: 'authenticated', ...caused, user: ALICE })],
  session_replaced: [sample({ type: 'session_replaced', ...caused, user: ALICE })],
  message: [
    sample({ type: 'message', ...caused, message: MESSAGE }, 'a picture to the lobby'),
    sample({ type: 'message', ...caused, message: textMessage({}) }, 'text to the lobby'),
    sample({ type: 'message', ...caused, message: textMessage({ to: TEAM }) }, 'text to another group'),
    sample({ type: 'message', ...caused, message: textMessage({ to: TO_ALICE }) }, 'text to the user'),
    sample(
      { type: 'message', ...caused, message: textMessage({ from: ALICE, to: TO_BOB }) },
      "the user's own, from another device",
    ),
    sample({ type: 'message', ...caused, message: textMessage({}), replayed: true }, 'missed, and replayed'),
  ],
  message_read: [
    sample(
      { type: 'message_read', ...caused, target: LOBBY, reader: BOB, message: 'client-message-7', at: AT },
      'in the lobby',
    ),
    sample(
      { type: 'message_read', ...caused, target: TO_ALICE, reader: BOB, message: 'client-message-7', at: AT },
      'by the other user',
    ),
  ],
  message_revoked: [
    sample(
      {
        type: 'message_revoked',
        ...caused,
        message: MESSAGE.id,
        clientId: 'client-message-7',
        from: BOB,
        to: LOBBY,
        at: AT,
      },
      'in the lobby',
    ),
    sample(
      {
        type: 'message_revoked',
        ...caused,
        message: MESSAGE.id,
        clientId: 'client-message-7',
        from: BOB,
        to: TO_ALICE,
        at: AT,
      },
      'by the other user',
    ),
  ],
  relayed: [
    sample({ ...relayed, target: LOBBY }, 'to the lobby, forgotten at once'),
    sample({ ...relayed, target: TO_ALICE }, 'to the user, forgotten at once'),
    inPlace({ ...relayed, target: TOPIC }, 'to a topic', TOPIC),
    inPlace(
      {
        ...relayed,
        target: QUEUE,
        body: BYTES,
        ephemeral: false,
        delivery: 'delivery-1',
        redelivered: true,
      },
      'bytes to a queue',
      QUEUE,
    ),
  ],
  member_joined: [sample({ type: 'member_joined', ...inLobby, user: BOB })],
  member_left: [sample({ type: 'member_left', ...inLobby, user: BOB })],
  member_removed: [
    sample({ type: 'member_removed', ...inLobby, user: BOB, reason: 'quit' }, 'another quits'),
    sample({ type: 'member_removed', ...inLobby, user: BOB, reason: 'kicked' }, 'another is kicked'),
    sample({ type: 'member_removed', ...inLobby, user: ALICE, reason: 'kicked' }, 'the user is kicked'),
  ],
  presence_changed: [sample({ type: 'presence_changed', ...caused, user: BOB, online: true, at: AT })],
  user_list: [
    sample({ type: 'user_list', ...caused, group: LOBBY_GROUP, online: [ALICE, BOB], offline: [CAROL] }),
  ],
  contact_requested: [
    sample({ type: 'contact_requested', ...caused, request: 'request-1', from: BOB, to: ALICE.id, at: AT }),
  ],
  contact_accepted: [sample({ type: 'contact_accepted', ...caused, contact: BOB, to: ALICE.id, at: AT })],
  group_dissolved: [sample({ type: 'group_dissolved', ...inLobby })],
  group_transferred: [sample({ type: 'group_transferred', ...inLobby, newOwner: BOB })],
  member_muted: [sample({ type: 'member_muted', ...inLobby, user: BOB, muted: true })],
  group_announcement: [sample({ type: 'group_announcement', ...inLobby, text: 'Lunch is served' })],
  group_invited: [sample({ type: 'group_invited', ...inLobby, inviter: BOB, to: ALICE.id })],
  going_away: [
    sample(
      { type: 'going_away', ...caused, reason: 'shutting_down', afterMs: 5_000 },
      'the server shuts down',
    ),
    sample({ type: 'going_away', ...caused, reason: 'disconnected', afterMs: 5_000 }, 'the user is put out'),
  ],
};

export const COMMAND_TYPES = Object.keys(COMMAND_SAMPLES) as CommandType[];
export const EVENT_TYPES = Object.keys(EVENT_SAMPLES) as EventType[];

/** A sample's name: its type, and what it is about. */
export const nameOf = ({ about, value }: Sample<{ readonly type: string }>): string =>
  about === '' ? value.type : `${value.type}: ${about}`;
