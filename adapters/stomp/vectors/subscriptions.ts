/** Conversations of the server face: SUBSCRIBE and UNSUBSCRIBE. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import { arrives, delivered, INBOX, LOBBY } from './chat-kit.ts';
import {
  closed,
  fault,
  id,
  login,
  ok,
  receiptOf,
  refused,
  routed,
  said,
  subscribed,
  user,
  wire,
} from './kit.ts';
import { BODY } from './outbound.ts';

export const subscriptions: readonly ConversationVector[] = [
  {
    name: 'routes the first subscription of a place and the end of the last, and answers each receipt',
    face: 'server',
    steps: [
      ...login(),
      [
        { wire: wire('SUBSCRIBE', ['id:a', `destination:${LOBBY}`, 'receipt:1']) },
        [routed(2, { type: 'subscribe', target: { type: 'group', id: 'lobby' } })],
      ],
      [ok(2, { type: 'subscribed', target: { type: 'group', id: 'lobby' } }), [receiptOf('1')]],
      [{ wire: wire('SUBSCRIBE', ['id:b', `destination:${LOBBY}`, 'receipt:2']) }, [receiptOf('2')]],
      [{ wire: wire('UNSUBSCRIBE', ['id:a', 'receipt:3']) }, [receiptOf('3')]],
      [
        { wire: wire('UNSUBSCRIBE', ['id:b', 'receipt:4']) },
        [routed(3, { type: 'unsubscribe', target: { type: 'group', id: 'lobby' } })],
      ],
      [ok(3, { type: 'unsubscribed', target: { type: 'group', id: 'lobby' } }), [receiptOf('4')]],
      [{ deliver: arrives({ to: { type: 'group', id: 'lobby' } }) }, []],
    ],
  },
  {
    name: 'forgets a subscription that is refused',
    face: 'server',
    steps: [
      ...login(),
      ...subscribed(0, 'e', '/user/queue/errors', { local: true }),
      [
        { wire: wire('SUBSCRIBE', ['id:a', 'destination:/topic/group/staff']) },
        [routed(2, { type: 'subscribe', target: { type: 'group', id: 'staff' } })],
      ],
      [
        refused(2, new GatewayError('forbidden')),
        [delivered('e', '/user/queue/errors', '{"code":"forbidden","message":"not allowed"}', id(2))],
      ],
      [
        { wire: wire('SUBSCRIBE', ['id:a', `destination:${LOBBY}`]) },
        [routed(3, { type: 'subscribe', target: { type: 'group', id: 'lobby' } })],
      ],
    ],
  },
  {
    name: 'ends a connection that uses a subscription id twice',
    face: 'server',
    steps: [
      ...login(),
      ...subscribed(2, 'a', LOBBY),
      [
        { wire: wire('SUBSCRIBE', ['id:a', `destination:${INBOX}`, 'receipt:5']) },
        fault(
          'already_subscribed',
          'the connection is already subscribed to the channel: this connection has a subscription of this id',
          { receipt: '5' },
        ),
      ],
    ],
  },
  {
    name: 'ends a connection that subscribes without an id in 1.1',
    face: 'server',
    steps: [
      ...login('1.1'),
      [
        { wire: wire('SUBSCRIBE', [`destination:${LOBBY}`]) },
        fault('field_missing', 'a required field is missing: SUBSCRIBE needs the header id'),
      ],
    ],
  },
  {
    name: 'lets the destination stand for the id in 1.0',
    face: 'server',
    steps: [
      ...login('1.0'),
      [
        { wire: wire('SUBSCRIBE', [`destination:${INBOX}`]) },
        [routed(2, { type: 'subscribe', target: { type: 'user', id: 'alice' } })],
      ],
      [ok(2, { type: 'subscribed', target: { type: 'user', id: 'alice' } }), []],
      [{ deliver: arrives() }, [delivered(INBOX, INBOX, `{"id":"01J",${BODY}`)]],
      [
        { wire: wire('UNSUBSCRIBE', [`destination:${INBOX}`]) },
        [routed(3, { type: 'unsubscribe', target: { type: 'user', id: 'alice' } })],
      ],
    ],
  },
  {
    name: 'ends a connection whose subscription id is longer than any id',
    face: 'server',
    steps: [
      ...login(),
      [
        { wire: wire('SUBSCRIBE', [`id:${'x'.repeat(257)}`, `destination:${LOBBY}`]) },
        fault(
          'limit_exceeded',
          'a limit of this endpoint is exceeded: a subscription id has at most 256 characters',
        ),
      ],
    ],
  },
  {
    name: 'ends a connection with an ack mode that does not exist',
    face: 'server',
    steps: [
      ...login(),
      [
        { wire: wire('SUBSCRIBE', ['id:a', `destination:${LOBBY}`, 'ack:maybe']) },
        fault('frame_malformed', 'the frame cannot be read: ack is auto, client or client-individual'),
      ],
    ],
  },
];

export const listeners: readonly ConversationVector[] = [
  {
    name: 'lets an anonymous client listen, and relay nothing',
    face: 'server',
    endpoint: {
      authentication: 'anonymous',
      options: { destinations: [{ pattern: '/topic/{n}', kind: 'topic' }] },
    },
    steps: [
      [
        { wire: wire('CONNECT', ['accept-version:1.2']) },
        [routed(1, { type: 'authenticate', credentials: [{ kind: 'anonymous' }] })],
      ],
      [
        ok(1, { type: 'authenticated', user: user('anonymous-1'), anonymous: true }),
        [
          said('CONNECTED', [
            'version:1.2',
            'heart-beat:10000,10000',
            `session:${id(1)}`,
            'server:dragoman/0.1',
            'user-name:anonymous-1',
          ]),
          { kind: 'ready' },
        ],
      ],
      [
        { wire: wire('SUBSCRIBE', ['id:1', 'destination:/topic/x']) },
        [routed(2, { type: 'subscribe', target: { type: 'topic', id: '/topic/x' } })],
      ],
      [ok(2, { type: 'subscribed', target: { type: 'topic', id: '/topic/x' } }), []],
      [
        { wire: wire('SEND', ['destination:/topic/x'], 'x') },
        fault('forbidden', 'not allowed: log in to send'),
      ],
      [{ expire: 'frame' }, []],
    ],
  },
  {
    name: 'does nothing once it has closed',
    face: 'server',
    steps: [
      ...login(),
      [
        { fail: new GatewayError('slow_consumer') },
        [
          ...fault('slow_consumer', 'this connection reads too slowly').slice(0, 1),
          closed('slow_consumer', 'this connection reads too slowly'),
        ],
      ],
      [{ wire: wire('SUBSCRIBE', ['id:1', `destination:${INBOX}`]) }, []],
      [{ fail: new GatewayError('rate_limited') }, []],
      [{ expire: 'heart-beat-in' }, []],
      [{ deliver: { type: 'going_away', namespace: 'main', reason: 'disconnected', afterMs: 0 } }, []],
    ],
  },
];
