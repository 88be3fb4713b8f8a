/** Client face: reading what a server says. */

import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import type { Event } from '../../../schemas/event.ts';
import { at, face, GREETED, timestamp, wire } from './client-samples.ts';
import {
  ALICE,
  BOB,
  IN_LOBBY,
  LOBBY,
  lost,
  NOW,
  namespace,
  route,
  SENT_AT,
  WIRE_ALICE,
  WIRE_BOB,
  WIRE_LOBBY,
  WIRE_SAID,
} from './samples.ts';

const EVENTS: readonly (readonly [string | undefined, unknown, Event])[] = [
  [
    'group:lobby',
    { ...WIRE_SAID, replyTo: 'm0' },
    {
      type: 'message',
      namespace,
      message: {
        id: 'm1',
        namespace,
        sequence: 1,
        from: BOB,
        to: { type: 'group', id: 'lobby' },
        content: '你好 👋',
        contentType: 'text',
        sentAt: SENT_AT,
        replyTo: 'm0',
      },
    },
  ],
  [
    'user:alice',
    { from: { id: 'bob' }, content: 'x', contentType: 'IMAGE' },
    {
      type: 'message',
      namespace,
      message: {
        id: '00000000-0000-4000-8000-000000000001',
        namespace,
        sequence: 1,
        from: { namespace, id: 'bob', name: 'bob' },
        to: { type: 'user', id: 'alice' },
        content: 'x',
        contentType: 'image',
        extensions: { socket: { contentType: 'IMAGE' } },
        sentAt: NOW,
      },
    },
  ],
  [
    'user:alice',
    { ...WIRE_SAID, from: WIRE_ALICE, to: 'bob' },
    {
      type: 'message',
      namespace,
      message: {
        id: 'm1',
        namespace,
        sequence: 1,
        from: ALICE,
        to: { type: 'user', id: 'bob' },
        content: '你好 👋',
        contentType: 'text',
        sentAt: SENT_AT,
      },
    },
  ],
  [
    'news',
    { id: 'm1', from: WIRE_BOB, timestamp },
    {
      type: 'message_revoked',
      namespace,
      message: 'm1',
      from: BOB,
      to: { type: 'group', id: 'channel:news' },
      at,
    },
  ],
  [
    'user:alice',
    { reader: WIRE_ALICE, to: 'bob', id: 'm1', timestamp },
    {
      type: 'message_read',
      namespace,
      target: { type: 'user', id: 'bob' },
      reader: ALICE,
      message: 'm1',
      at,
    },
  ],
  [
    'user:alice',
    { reader: WIRE_BOB, timestamp },
    { type: 'message_read', namespace, target: { type: 'user', id: 'alice' }, reader: BOB, at },
  ],
  [
    'group:lobby',
    { group: WIRE_LOBBY, user: WIRE_BOB, timestamp },
    { type: 'member_joined', namespace, group: LOBBY, user: BOB, at },
  ],
  [
    'group:lobby',
    { group: WIRE_LOBBY, user: WIRE_BOB, timestamp },
    { type: 'member_left', namespace, group: LOBBY, user: BOB, at },
  ],
  [
    'group:lobby',
    { group: WIRE_LOBBY, user: WIRE_BOB, reason: 'kicked', timestamp },
    { type: 'member_removed', namespace, group: LOBBY, user: BOB, reason: 'kicked', at },
  ],
  [
    'group:lobby',
    { group: WIRE_LOBBY, user: WIRE_ALICE, muted: false, timestamp },
    { type: 'member_muted', namespace, group: LOBBY, user: ALICE, muted: false, at },
  ],
  [
    undefined,
    { user: WIRE_BOB, online: false, timestamp },
    { type: 'presence_changed', namespace, user: BOB, online: false, at },
  ],
  [
    'group:lobby',
    { group: WIRE_LOBBY, online: [WIRE_ALICE], offline: [WIRE_BOB] },
    { type: 'user_list', namespace, group: LOBBY, online: [ALICE], offline: [BOB] },
  ],
  [
    'user:alice',
    { request: 'r1', from: WIRE_BOB, to: 'alice', timestamp },
    { type: 'contact_requested', namespace, request: 'r1', from: BOB, to: 'alice', at },
  ],
  [
    'user:alice',
    { contact: WIRE_BOB, to: 'alice', timestamp },
    { type: 'contact_accepted', namespace, contact: BOB, to: 'alice', at },
  ],
  ['group:lobby', { group: WIRE_LOBBY, timestamp }, { type: 'group_dissolved', namespace, group: LOBBY, at }],
  [
    'group:lobby',
    { group: WIRE_LOBBY, newOwner: WIRE_ALICE, timestamp },
    { type: 'group_transferred', namespace, group: LOBBY, newOwner: ALICE, at },
  ],
  [
    'group:lobby',
    { group: WIRE_LOBBY, text: '', timestamp },
    { type: 'group_announcement', namespace, group: LOBBY, text: '', at },
  ],
  [
    'user:alice',
    { group: WIRE_LOBBY, inviter: WIRE_BOB, to: 'alice', timestamp },
    { type: 'group_invited', namespace, group: LOBBY, inviter: BOB, to: 'alice', at },
  ],
  [undefined, { user: WIRE_ALICE }, { type: 'session_replaced', namespace, user: ALICE }],
  [
    undefined,
    { reason: 'shutting_down', afterMs: 1000 },
    { type: 'going_away', namespace, reason: 'shutting_down', afterMs: 1000 },
  ],
];

export const conversations: readonly ConversationVector[] = [
  ...EVENTS.map(
    ([channel, data, event], index): ConversationVector => ({
      name: `reads ${event.type} (${index + 1})`,
      face,
      steps: [
        ...GREETED,
        [
          wire(channel === undefined ? { event: event.type, data } : { event: event.type, channel, data }),
          [route(1, event)],
        ],
      ],
    }),
  ),
  {
    name: 'reads any other event as a relay whose author is unknown',
    face,
    steps: [
      ...GREETED,
      ...(
        [
          [{ on: true }, '{"on":true}'],
          [undefined, ''],
          [null, 'null'],
          ['x', '"x"'],
        ] as const
      ).map(
        ([data, body], index) =>
          [
            wire({ event: 'typing', channel: 'group:lobby', data }),
            [
              route(index + 1, {
                type: 'relayed',
                namespace,
                id: `00000000-0000-4000-8000-00000000000${index + 1}`,
                target: IN_LOBBY,
                name: 'typing',
                headers: [],
                body,
                ephemeral: true,
              }),
            ],
          ] as const,
      ),
    ],
  },
  {
    name: 'counts what names a channel or a user that it cannot place',
    face,
    connection: {
      identity: { toWire: (id) => id, toCanonical: (id) => (id === 'bob' ? id : undefined) },
    },
    steps: [
      ...GREETED,
      [wire({ event: 'message', channel: 'user:alice', data: WIRE_SAID }), [lost('message')]],
      [wire({ event: 'message', channel: 'user:', data: WIRE_SAID }), [lost('message')]],
      [wire({ event: 'message', channel: 'c', data: { ...WIRE_SAID, from: WIRE_ALICE } }), [lost('message')]],
      [wire({ event: 'typing', channel: 'group:' }), [lost('typing')]],
      [
        wire({ event: 'message_revoked', data: { id: 'm1', from: WIRE_BOB, timestamp } }),
        [lost('message_revoked')],
      ],
      [
        wire({ event: 'presence_changed', data: { user: WIRE_ALICE, online: true, timestamp } }),
        [lost('presence_changed')],
      ],
      [
        wire({ event: 'contact_accepted', data: { contact: WIRE_BOB, to: 'alice', timestamp } }),
        [lost('contact_accepted')],
      ],
    ],
  },
];
