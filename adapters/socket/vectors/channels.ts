/** Server face: what channel names stand for. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import {
  ALICE,
  CREDENTIALS,
  IN_LOBBY,
  INBOX,
  joins,
  KEYS,
  LOBBY,
  LOGIN,
  messageEvent,
  refused,
  route,
  SAID,
  SENT_AT,
  SIGNED,
  STAFF,
  SUBSCRIBED,
  send,
  subscribe,
  UNSUBSCRIBED,
  unsubscribe,
  unsubscribed,
  WIRE_ALICE,
  WIRE_LOBBY,
  WIRE_SAID,
  WIRE_STAFF,
} from './samples.ts';

const face = 'server';
const IN_STAFF = { type: 'group', id: 'staff' } as const;

const notSubscribed = send({
  event: 'socket:unsubscribe.error',
  data: { error: 'the connection is not subscribed to the channel' },
});

export const conversations: readonly ConversationVector[] = [
  {
    name: 'opens the own inbox only, though the source calls user:13 public',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [subscribe('user:bob'), [refused('forbidden', 'the channel is the inbox of another user')]],
      ...joins(2, 'user:alice', INBOX),
    ],
  },
  {
    name: 'maps the ids of user channels to canonical ones',
    face,
    connection: {
      ...CREDENTIALS,
      identity: {
        toWire: (id) => (id === 'alice' ? '13' : undefined),
        toCanonical: (id) => (id === '13' ? 'alice' : undefined),
      },
    },
    steps: [
      ...LOGIN,
      [subscribe('user:alice'), [refused('forbidden', 'the channel is the inbox of another user')]],
      ...joins(2, 'user:13', INBOX),
    ],
  },
  {
    name: 'takes any other name for an open group of its own, never for a configured one',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...joins(2, 'lobby', { type: 'group', id: 'channel:lobby' }),
      ...joins(3, 'channel:lobby', { type: 'group', id: 'channel:channel:lobby' }),
      ...joins(4, 'Group:lobby', { type: 'group', id: 'channel:Group:lobby' }),
      ...joins(5, '__proto__', { type: 'group', id: 'channel:__proto__' }),
      ...joins(6, ' ', { type: 'group', id: 'channel: ' }),
    ],
  },
  {
    name: 'refuses a second way to an open group, which would go around the signature of a private one',
    face,
    endpoint: { options: KEYS },
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [subscribe('group:channel:private-user.1'), [refused('forbidden', 'this channel has another name')]],
      [subscribe('group:channel:news'), [refused('forbidden', 'this channel has another name')]],
    ],
  },
  {
    name: 'refuses a pattern without an id, and names that are too long',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [subscribe('user:'), [refused('frame_malformed', 'the channel names no id')]],
      [subscribe('group:'), [refused('frame_malformed', 'the channel names no id')]],
      [subscribe(`group:${'x'.repeat(257)}`), [refused('frame_malformed', 'the channel name is too long')]],
      [subscribe('x'.repeat(249)), [refused('frame_malformed', 'the channel name is too long')]],
      ...joins(2, 'x'.repeat(248), { type: 'group', id: `channel:${'x'.repeat(248)}` }),
    ],
  },
  {
    name: 'maps names by the patterns of the endpoint, the first match wins',
    face,
    endpoint: {
      options: {
        channels: [
          { pattern: 'room.{id}.chat', target: 'group' },
          { pattern: 'room.{id}', target: 'group' },
          { pattern: '@{id}', target: 'user' },
        ],
      },
    },
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...joins(2, 'room.lobby.chat', IN_LOBBY),
      ...joins(3, 'room.staff', IN_STAFF),
      ...joins(4, '@alice', INBOX),
      ...joins(5, 'group:lobby', { type: 'group', id: 'channel:group:lobby' }),
    ],
  },
  {
    name: 'subscribes a target with the first of its names and unsubscribes it with the last; each gets a copy',
    face,
    endpoint: { options: KEYS },
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...joins(2, 'group:lobby', IN_LOBBY),
      [subscribe('private-group:lobby', SIGNED.lobby), [SUBSCRIBED]],
      [
        { deliver: messageEvent(SAID) },
        [
          send({ event: 'message', channel: 'group:lobby', data: WIRE_SAID }),
          send({ event: 'message', channel: 'private-group:lobby', data: WIRE_SAID }),
        ],
      ],
      [unsubscribe('group:lobby'), [UNSUBSCRIBED]],
      [
        { deliver: messageEvent(SAID) },
        [send({ event: 'message', channel: 'private-group:lobby', data: WIRE_SAID })],
      ],
      [unsubscribe('private-group:lobby'), [route(3, { type: 'unsubscribe', target: IN_LOBBY })]],
      [{ settle: 3, outcome: unsubscribed(IN_LOBBY) }, [UNSUBSCRIBED]],
    ],
  },
  {
    name: 'forgets the channels of a group that is dissolved, or closed to the one who was removed',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...joins(2, 'group:staff', IN_STAFF),
      ...joins(3, 'group:lobby', IN_LOBBY),
      [
        {
          deliver: {
            type: 'member_removed',
            namespace: 'main',
            group: STAFF,
            user: ALICE,
            reason: 'kicked',
            at: SENT_AT,
          },
        },
        [
          send({
            event: 'member_removed',
            channel: 'group:staff',
            data: { group: WIRE_STAFF, user: WIRE_ALICE, reason: 'kicked', timestamp: SENT_AT },
          }),
        ],
      ],
      [unsubscribe('group:staff'), [notSubscribed]],
      [
        { deliver: { type: 'group_dissolved', namespace: 'main', group: LOBBY, at: SENT_AT } },
        [
          send({
            event: 'group_dissolved',
            channel: 'group:lobby',
            data: { group: WIRE_LOBBY, timestamp: SENT_AT },
          }),
        ],
      ],
      [unsubscribe('group:lobby'), [notSubscribed]],
    ],
  },
];
