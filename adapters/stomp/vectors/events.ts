/** Conversations of the server face: canonical events on the events queue. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { BOB, delivered, group } from './chat-kit.ts';
import { ALICE, id, login, type Step, subscribed } from './kit.ts';

const WIRE_GROUP =
  '{"id":"lobby","name":"Lobby","description":"","owner":{"id":"alice","name":"Alice"},"createdAt":9,"open":true}';

const WIRE_BOB = '{"id":"bob","name":"bob"}';

/** Canonical events and how /user/queue/events says them; the client face reads the same table back. */
export const eventBodies: readonly (readonly [object, string])[] = [
  [
    { type: 'message_read', target: { type: 'group', id: 'lobby' }, reader: BOB, message: '01J', at: 5 },
    `{"type":"message_read","chatType":"GROUP","toId":"lobby","reader":${WIRE_BOB},"messageId":"01J","at":5}`,
  ],
  [
    { type: 'message_revoked', message: '01J', from: BOB, to: { type: 'user', id: 'alice' }, at: 5 },
    `{"type":"message_revoked","messageId":"01J","from":${WIRE_BOB},"chatType":"SINGLE","toId":"alice","at":5}`,
  ],
  [
    { type: 'member_joined', group: group(), user: BOB, at: 5 },
    `{"type":"member_joined","group":${WIRE_GROUP},"user":${WIRE_BOB},"at":5}`,
  ],
  [
    { type: 'member_left', group: group(), user: BOB, at: 5 },
    `{"type":"member_left","group":${WIRE_GROUP},"user":${WIRE_BOB},"at":5}`,
  ],
  [
    { type: 'member_removed', group: group(), user: BOB, reason: 'kicked', at: 5 },
    `{"type":"member_removed","group":${WIRE_GROUP},"user":${WIRE_BOB},"reason":"kicked","at":5}`,
  ],
  [
    { type: 'presence_changed', user: { ...BOB, avatar: '/b' }, online: true, at: 5 },
    '{"type":"presence_changed","user":{"id":"bob","name":"bob","avatar":"/b"},"online":true,"at":5}',
  ],
  [
    { type: 'contact_requested', request: 'q', from: BOB, to: 'alice', at: 5 },
    `{"type":"contact_requested","requestId":"q","from":${WIRE_BOB},"toId":"alice","at":5}`,
  ],
  [
    { type: 'contact_accepted', contact: BOB, to: 'alice', at: 5 },
    `{"type":"contact_accepted","contact":${WIRE_BOB},"toId":"alice","at":5}`,
  ],
  [
    { type: 'group_dissolved', group: group(), at: 5 },
    `{"type":"group_dissolved","group":${WIRE_GROUP},"at":5}`,
  ],
  [
    { type: 'group_transferred', group: group(), newOwner: BOB, at: 5 },
    `{"type":"group_transferred","group":${WIRE_GROUP},"newOwner":${WIRE_BOB},"at":5}`,
  ],
  [
    { type: 'member_muted', group: group(), user: BOB, muted: true, at: 5 },
    `{"type":"member_muted","group":${WIRE_GROUP},"user":${WIRE_BOB},"muted":true,"at":5}`,
  ],
  [
    { type: 'group_announcement', group: group(), text: 'hear', at: 5 },
    `{"type":"group_announcement","group":${WIRE_GROUP},"text":"hear","at":5}`,
  ],
  [
    { type: 'group_invited', group: group(), inviter: BOB, to: 'alice', at: 5 },
    `{"type":"group_invited","group":${WIRE_GROUP},"inviter":${WIRE_BOB},"toId":"alice","at":5}`,
  ],
  [
    {
      type: 'relayed',
      id: 'r1',
      name: 'typing',
      target: { type: 'group', id: 'lobby' },
      from: BOB,
      headers: [['a', 'b']],
      body: '{}',
      ephemeral: true,
    },
    `{"type":"relayed","id":"r1","name":"typing","chatType":"GROUP","toId":"lobby","from":${WIRE_BOB},"headers":[["a","b"]],"body":"{}"}`,
  ],
];

export const events: readonly ConversationVector[] = [
  ...eventBodies.map(
    ([event, body]): ConversationVector => ({
      name: `says ${(event as { type: string }).type} on the events queue`,
      face: 'server',
      steps: [
        ...login(),
        ...subscribed(0, 'v', '/user/queue/events', { local: true }),
        [{ deliver: { namespace: 'main', ...event } }, [delivered('v', '/user/queue/events', body, id(2))]],
      ],
    }),
  ),
  {
    name: 'says no event to a client that does not listen for them',
    face: 'server',
    steps: [
      ...login(),
      ...eventBodies.map(([event]): Step => [{ deliver: { namespace: 'main', ...event } }, []]),
      [{ deliver: { type: 'authenticated', namespace: 'main', user: ALICE } }, []],
    ],
  },
  {
    name: 'shows a revoked message by the id that its author gave',
    face: 'server',
    steps: [
      ...login(),
      ...subscribed(0, 'v', '/user/queue/events', { local: true }),
      [
        {
          deliver: {
            type: 'message_revoked',
            namespace: 'main',
            message: '01J',
            clientId: 'm-1',
            from: BOB,
            to: { type: 'group', id: 'lobby' },
            at: 5,
          },
        },
        [
          delivered(
            'v',
            '/user/queue/events',
            `{"type":"message_revoked","messageId":"m-1","from":${WIRE_BOB},"chatType":"GROUP","toId":"lobby","at":5}`,
            id(2),
          ),
        ],
      ],
    ],
  },
  {
    name: 'counts an event of a user who has no id on this wire',
    face: 'server',
    connection: {
      identity: {
        toWire: (canonical) => (canonical === 'bob' ? undefined : canonical),
        toCanonical: (wireId) => wireId,
      },
    },
    steps: [
      ...login(),
      ...subscribed(0, 'v', '/user/queue/events', { local: true }),
      [
        { deliver: { type: 'presence_changed', namespace: 'main', user: BOB, online: true, at: 5 } },
        [{ kind: 'lost', type: 'presence_changed', fields: ['*'] }],
      ],
    ],
  },
];
