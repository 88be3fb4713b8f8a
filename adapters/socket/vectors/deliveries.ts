/** Server face: messages and relays on their way to a client. */
import type { Effect } from '../../../core/dialect.ts';
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import type { Event } from '../../../schemas/event.ts';
import {
  ALICE,
  BOB,
  CREDENTIALS,
  DIRECT,
  IN_LOBBY,
  INBOX,
  joins,
  LOBBY,
  LOGIN,
  lost,
  messageEvent,
  namespace,
  SAID,
  SENT_AT,
  send,
  WIRE_ALICE,
  WIRE_SAID,
} from './samples.ts';

const face = 'server';
const at = SENT_AT;

const { clientId: _, ...WITHOUT_CLIENT_ID } = SAID;

const IN_BOTH = [...LOGIN, ...joins(2, 'group:lobby', IN_LOBBY), ...joins(3, 'user:alice', INBOX)] as const;

const onLobby = (event: string, data?: unknown) =>
  send(data === undefined ? { event, channel: 'group:lobby' } : { event, channel: 'group:lobby', data });
const onInbox = (event: string, data: unknown) => send({ event, channel: 'user:alice', data });

const said = (deliver: Event, ...effects: readonly Effect<unknown, never>[]) =>
  [{ deliver }, effects] as const;

const relayed = (name: string, body: string | Uint8Array<ArrayBuffer>, more: object = {}): Event => ({
  type: 'relayed',
  namespace,
  id: 'r1',
  target: { type: 'group', id: 'lobby' },
  name,
  headers: [],
  body,
  ephemeral: true,
  ...more,
});

export const conversations: readonly ConversationVector[] = [
  {
    name: 'delivers a group message on the channel that is subscribed, and an ack instead of a copy to its sender',
    face,
    connection: CREDENTIALS,
    steps: [
      ...IN_BOTH,
      said(messageEvent(SAID), onLobby('message', WIRE_SAID)),
      said(messageEvent(SAID, 'c-2'), onLobby('message', WIRE_SAID)),
      said(messageEvent({ ...SAID, from: ALICE }, 'c-1')),
      said({ type: 'message', namespace, message: SAID, replayed: true }, onLobby('message', WIRE_SAID)),
    ],
  },
  {
    name: 'shows the id of the gateway where the author made none, and what a message answers',
    face,
    connection: CREDENTIALS,
    steps: [
      ...IN_BOTH,
      said(
        messageEvent({ ...WITHOUT_CLIENT_ID, replyTo: 'm0' }),
        onLobby('message', { ...WIRE_SAID, id: SAID.id, replyTo: 'm0' }),
      ),
    ],
  },
  {
    name: 'says a content type as its author wrote it in this dialect, and only if it still fits',
    face,
    connection: CREDENTIALS,
    steps: [
      ...IN_BOTH,
      said(
        messageEvent({ ...SAID, contentType: 'image', extensions: { socket: { contentType: 'Image' } } }),
        onLobby('message', { ...WIRE_SAID, contentType: 'Image' }),
      ),
      said(
        messageEvent({ ...SAID, extensions: { socket: { contentType: 'Image' } } }),
        onLobby('message', WIRE_SAID),
      ),
    ],
  },
  {
    name: 'falls back to the id where an author has no name',
    face,
    connection: CREDENTIALS,
    steps: [
      ...IN_BOTH,
      said(
        messageEvent({ ...SAID, from: { namespace, id: 'x', name: '' } }),
        onLobby('message', { ...WIRE_SAID, from: { id: 'x', name: 'x', avatar: '' } }),
      ),
    ],
  },
  {
    name: 'delivers direct messages on the own inbox, with the other party on copies of what one wrote elsewhere',
    face,
    connection: CREDENTIALS,
    steps: [
      ...IN_BOTH,
      said(messageEvent(DIRECT), onInbox('message', WIRE_SAID)),
      said(
        messageEvent({ ...SAID, from: ALICE, to: { type: 'user', id: 'bob' } }, 'c-2'),
        onInbox('message', { ...WIRE_SAID, from: WIRE_ALICE, to: 'bob' }),
      ),
      said(
        messageEvent({ ...SAID, from: ALICE, to: { type: 'user', id: 'alice' } }, 'c-2'),
        onInbox('message', { ...WIRE_SAID, from: WIRE_ALICE, to: 'alice' }),
      ),
    ],
  },
  {
    name: 'counts what it cannot say: attachments, fields of other dialects, messages without a channel',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...joins(2, 'group:lobby', IN_LOBBY),
      said(
        messageEvent({ ...SAID, attachment: { url: '/a' }, extensions: { other: { a: 1 } } }),
        onLobby('message', WIRE_SAID),
        lost('message', 'attachment', 'extensions'),
      ),
      said(messageEvent(DIRECT), lost('message')),
      said(messageEvent({ ...SAID, to: { type: 'group', id: 'staff' } }), lost('message')),
      said({ type: 'authenticated', namespace, user: ALICE }, lost('authenticated')),
    ],
  },
  {
    name: 'counts what concerns users who have no id on this endpoint',
    face,
    connection: {
      ...CREDENTIALS,
      identity: {
        toWire: (id) => (id === 'alice' ? '1' : undefined),
        toCanonical: (id) => (id === '1' ? 'alice' : undefined),
      },
    },
    steps: [
      ...LOGIN,
      ...joins(2, 'group:lobby', IN_LOBBY),
      ...joins(3, 'user:1', INBOX),
      said(messageEvent(SAID), lost('message')),
      said(
        messageEvent({ ...SAID, from: ALICE, to: { type: 'user', id: 'bob' } }),
        send({
          event: 'message',
          channel: 'user:1',
          data: { ...WIRE_SAID, from: { ...WIRE_ALICE, id: '1' } },
        }),
        lost('message', 'to'),
      ),
      said(
        { type: 'user_list', namespace, group: LOBBY, online: [ALICE, BOB], offline: [BOB] },
        onLobby('user_list', {
          group: { id: 'lobby', name: 'Lobby', description: 'Everybody', createdAt: at, open: true },
          online: [{ ...WIRE_ALICE, id: '1' }],
          offline: [],
        }),
        lost('user_list', 'online', 'offline', 'group.owner'),
      ),
    ],
  },
  {
    name: 'delivers relays of others on their channel, data as it was',
    face,
    connection: CREDENTIALS,
    steps: [
      ...IN_BOTH,
      said(relayed('typing', '{"on":true}'), onLobby('typing', { on: true })),
      said(relayed('typing', '{"on":true}', { origin: 'c-1' })),
      said(relayed('wave', ''), onLobby('wave')),
      said(relayed('wave', 'null'), onLobby('wave', null)),
      said(relayed('typing', '1', { target: { type: 'user', id: 'alice' } }), onInbox('typing', 1)),
    ],
  },
  {
    name: 'delivers relays of other dialects as text, or counts them',
    face,
    connection: CREDENTIALS,
    steps: [
      ...IN_BOTH,
      said(relayed('note', 'not JSON'), onLobby('note', 'not JSON')),
      said(
        relayed('note', '['.repeat(32) + ']'.repeat(32)),
        onLobby('note', '['.repeat(32) + ']'.repeat(32)),
      ),
      said(relayed('note', '1e400'), onLobby('note', '1e400')),
      said(
        relayed('note', '1', { headers: [['a', 'b']], from: BOB, delivery: 'd1' }),
        onLobby('note', 1),
        lost('relayed', 'headers', 'from', 'delivery'),
      ),
      said(relayed('note', new Uint8Array([255])), lost('relayed')),
      said(relayed('note', '1', { target: { type: 'topic', id: 'lobby' } }), lost('relayed')),
      said(relayed('note', '1', { target: { type: 'queue', id: 'lobby' } }), lost('relayed')),
      said(relayed('note', '1', { target: { type: 'group', id: 'staff' } }), lost('relayed')),
      said(relayed('', '1'), lost('relayed')),
      said(relayed('message', '{"content":"forged"}'), lost('relayed')),
      said(relayed('socket:subscribed', ''), lost('relayed')),
    ],
  },
];
