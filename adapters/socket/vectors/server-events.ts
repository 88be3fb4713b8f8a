/** Server face: every other canonical event, and where it is said. */
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
  namespace,
  SAID,
  SENT_AT,
  send,
  WIRE_ALICE,
  WIRE_BOB,
  WIRE_LOBBY,
} from './samples.ts';

const face = 'server';
const at = SENT_AT;
const timestamp = SENT_AT;

const IN_BOTH = [...LOGIN, ...joins(2, 'group:lobby', IN_LOBBY), ...joins(3, 'user:alice', INBOX)] as const;

const onLobby = (event: string, data?: unknown) =>
  send(data === undefined ? { event, channel: 'group:lobby' } : { event, channel: 'group:lobby', data });
const onInbox = (event: string, data: unknown) => send({ event, channel: 'user:alice', data });
const bare = (event: string, data: unknown) => send({ event, data });

const said = (deliver: Event, ...effects: readonly Effect<unknown, never>[]) =>
  [{ deliver }, effects] as const;

const GROUP_EVENTS: readonly (readonly [Event, unknown])[] = [
  [
    { type: 'member_joined', namespace, group: LOBBY, user: BOB, at },
    { group: WIRE_LOBBY, user: WIRE_BOB, timestamp },
  ],
  [
    { type: 'member_left', namespace, group: LOBBY, user: BOB, at },
    { group: WIRE_LOBBY, user: WIRE_BOB, timestamp },
  ],
  [
    { type: 'member_removed', namespace, group: LOBBY, user: BOB, reason: 'quit', at },
    { group: WIRE_LOBBY, user: WIRE_BOB, reason: 'quit', timestamp },
  ],
  [
    { type: 'member_muted', namespace, group: LOBBY, user: ALICE, muted: true, at },
    { group: WIRE_LOBBY, user: WIRE_ALICE, muted: true, timestamp },
  ],
  [
    { type: 'user_list', namespace, group: LOBBY, online: [ALICE], offline: [BOB] },
    { group: WIRE_LOBBY, online: [WIRE_ALICE], offline: [WIRE_BOB] },
  ],
  [
    { type: 'group_transferred', namespace, group: LOBBY, newOwner: ALICE, at },
    { group: WIRE_LOBBY, newOwner: WIRE_ALICE, timestamp },
  ],
  [
    { type: 'group_announcement', namespace, group: LOBBY, text: 'x', at },
    { group: WIRE_LOBBY, text: 'x', timestamp },
  ],
  [
    { type: 'group_dissolved', namespace, group: LOBBY, at },
    { group: WIRE_LOBBY, timestamp },
  ],
];

const PERSONAL_EVENTS: readonly (readonly [Event, unknown])[] = [
  [
    { type: 'presence_changed', namespace, user: BOB, online: true, at },
    { user: WIRE_BOB, online: true, timestamp },
  ],
  [
    { type: 'contact_requested', namespace, request: 'r1', from: BOB, to: 'alice', at },
    { request: 'r1', from: WIRE_BOB, to: 'alice', timestamp },
  ],
  [
    { type: 'contact_accepted', namespace, contact: BOB, to: 'alice', at },
    { contact: WIRE_BOB, to: 'alice', timestamp },
  ],
  [
    { type: 'group_invited', namespace, group: LOBBY, inviter: BOB, to: 'alice', at },
    { group: WIRE_LOBBY, inviter: WIRE_BOB, to: 'alice', timestamp },
  ],
];

export const conversations: readonly ConversationVector[] = [
  {
    name: 'says what happens in a group on its channel, what concerns the user on the own inbox',
    face,
    connection: CREDENTIALS,
    steps: [
      ...IN_BOTH,
      ...PERSONAL_EVENTS.map(([event, data]) => said(event, onInbox(event.type, data))),
      ...GROUP_EVENTS.map(([event, data]) => said(event, onLobby(event.type, data))),
    ],
  },
  {
    name: 'says what happens in a group that is not subscribed on the own inbox',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...joins(2, 'user:alice', INBOX),
      ...GROUP_EVENTS.map(([event, data]) => said(event, onInbox(event.type, data))),
    ],
  },
  {
    name: 'says it without channel where not even the own inbox is subscribed',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...[...GROUP_EVENTS, ...PERSONAL_EVENTS].map(([event, data]) => said(event, bare(event.type, data))),
    ],
  },
  {
    name: 'revokes and marks as read on the channel of the conversation',
    face,
    connection: CREDENTIALS,
    steps: [
      ...IN_BOTH,
      said(
        { type: 'message_revoked', namespace, message: SAID.id, clientId: 'm1', from: BOB, to: SAID.to, at },
        onLobby('message_revoked', { id: 'm1', from: WIRE_BOB, timestamp }),
      ),
      said(
        { type: 'message_revoked', namespace, message: SAID.id, from: BOB, to: DIRECT.to, at },
        onInbox('message_revoked', { id: SAID.id, from: WIRE_BOB, timestamp }),
      ),
      said(
        {
          type: 'message_revoked',
          namespace,
          message: SAID.id,
          from: ALICE,
          to: { type: 'user', id: 'bob' },
          at,
        },
        onInbox('message_revoked', { id: SAID.id, from: WIRE_ALICE, to: 'bob', timestamp }),
      ),
      said(
        { type: 'message_read', namespace, target: SAID.to, reader: BOB, message: 'm1', at },
        onLobby('message_read', { reader: WIRE_BOB, id: 'm1', timestamp }),
      ),
      said(
        { type: 'message_read', namespace, target: { type: 'user', id: 'alice' }, reader: BOB, at },
        onInbox('message_read', { reader: WIRE_BOB, timestamp }),
      ),
      said(
        { type: 'message_read', namespace, target: { type: 'user', id: 'bob' }, reader: ALICE, at },
        onInbox('message_read', { reader: WIRE_ALICE, to: 'bob', timestamp }),
      ),
    ],
  },
  {
    name: 'counts revocations and receipts of conversations that are not subscribed',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      said(
        { type: 'message_revoked', namespace, message: SAID.id, from: BOB, to: SAID.to, at },
        lost('message_revoked'),
      ),
      said({ type: 'message_read', namespace, target: DIRECT.to, reader: BOB, at }, lost('message_read')),
    ],
  },
];
