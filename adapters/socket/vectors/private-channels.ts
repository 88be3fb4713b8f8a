/** Server face: channels that need a signature. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import {
  authenticated,
  CONNECTED,
  CREDENTIALS,
  KEYS,
  LOGIN,
  READY,
  refused,
  route,
  SIGNED,
  SILENCE,
  SUBSCRIBED,
  send,
  subscribe,
  subscribed,
  UNSUBSCRIBED,
  unsubscribe,
} from './samples.ts';

const face = 'server';
const IN_STAFF = { type: 'group', id: 'staff' } as const;

const notSubscribed = send({
  event: 'socket:unsubscribe.error',
  data: { error: 'the connection is not subscribed to the channel' },
});

const wrong = refused('forbidden', 'auth is not valid for this connection and channel');

export const conversations: readonly ConversationVector[] = [
  {
    name: 'opens a private channel to a signature over socket_id and channel, by any of its keys',
    face,
    endpoint: { options: KEYS },
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [
        subscribe('private-group:staff', SIGNED.staffByOlderKey),
        [route(2, { type: 'subscribe', target: IN_STAFF })],
      ],
      [{ settle: 2, outcome: subscribed(IN_STAFF) }, [SUBSCRIBED]],
      [subscribe('group:staff'), [SUBSCRIBED]],
      [unsubscribe('private-group:staff'), [UNSUBSCRIBED]],
      [subscribe('private-group:staff', SIGNED.staff.toUpperCase().replace('K1', 'k1')), [SUBSCRIBED]],
      [
        subscribe('private-user.1', SIGNED.user1),
        [route(3, { type: 'subscribe', target: { type: 'group', id: 'channel:private-user.1' } })],
      ],
    ],
  },
  {
    name: 'takes a signature from an anonymous connection too: the backend that made it knows whom it lets in',
    face,
    endpoint: { authentication: 'anonymous', options: KEYS },
    steps: [
      [
        { open: true },
        [CONNECTED, SILENCE, route(1, { type: 'authenticate', credentials: [{ kind: 'anonymous' }] })],
      ],
      [{ settle: 1, outcome: authenticated({ namespace: 'main', id: 'a:1', name: '' }, true) }, [READY]],
      [
        subscribe('private-user.1', SIGNED.user1),
        [route(2, { type: 'subscribe', target: { type: 'group', id: 'channel:private-user.1' } })],
      ],
    ],
  },
  {
    name: 'refuses a private channel without a good signature, and never says why',
    face,
    endpoint: { options: KEYS },
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [subscribe('private-user.1'), [refused('forbidden', 'a private channel needs auth')]],
      [subscribe('private-user.1', ''), [refused('forbidden', 'a private channel needs auth')]],
      ...[
        'XXXXX',
        ':',
        'k1:',
        SIGNED.staff,
        SIGNED.user1.replace('k1', 'k0'),
        SIGNED.user1.replace('k1', 'k2'),
        SIGNED.user1.replace('k1', '__proto__'),
        SIGNED.user1.slice(0, -1),
        `${SIGNED.user1}0`,
        `${SIGNED.user1.slice(0, -2)}zz`,
        `${SIGNED.user1.slice(0, -1)}f`,
        ` ${SIGNED.user1}`,
      ].map((auth) => [subscribe('private-user.1', auth), [wrong]] as const),
    ],
  },
  {
    name: 'refuses every private channel where no key is set up',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [
        subscribe('private-user.1', SIGNED.user1),
        [refused('forbidden', 'private channels are not set up on this endpoint')],
      ],
      [
        subscribe('private-group:staff', SIGNED.staff),
        [refused('forbidden', 'private channels are not set up on this endpoint')],
      ],
      [unsubscribe('private-user.1'), [notSubscribed]],
    ],
  },
];
