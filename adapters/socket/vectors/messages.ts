/** Server face: what clients write. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import {
  ALICE,
  CREDENTIALS,
  errorSent,
  failed,
  IN_LOBBY,
  INBOX,
  joins,
  LOGIN,
  published,
  route,
  SAID,
  send,
  stored,
} from './samples.ts';

const face = 'server';
const ack = (id: string) => send({ event: 'ack', data: { id, status: 'success' } });

const SEND = { type: 'send_message', target: IN_LOBBY, content: 'hi', contentType: 'text' } as const;
const TO_BOB = { ...SEND, target: { type: 'user', id: 'bob' } } as const;
const MINE = { ...SAID, from: ALICE };
const { clientId: _, ...WITHOUT_CLIENT_ID } = MINE;

export const conversations: readonly ConversationVector[] = [
  {
    name: 'sends to a subscribed channel and acknowledges by the id of the client once it is stored',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...joins(2, 'group:lobby', IN_LOBBY),
      [
        published('message', 'group:lobby', {
          id: 'm1',
          content: 'hi',
          contentType: 'Image',
          replyTo: 'm0',
        }),
        [
          route(3, {
            ...SEND,
            contentType: 'image',
            extensions: { socket: { contentType: 'Image' } },
            clientId: 'm1',
            replyTo: 'm0',
          }),
        ],
      ],
      [{ settle: 3, outcome: stored(MINE) }, [ack('m1')]],
    ],
  },
  {
    name: 'acknowledges by the id of the gateway where the client made none',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...joins(2, 'group:lobby', IN_LOBBY),
      [published('message', 'group:lobby', { content: 'hi' }), [route(3, SEND)]],
      [{ settle: 3, outcome: stored(WITHOUT_CLIENT_ID) }, [ack(SAID.id)]],
      [
        published('message', 'group:lobby', { id: '', content: 'hi', contentType: null, replyTo: '' }),
        [route(4, SEND)],
      ],
      [{ settle: 4, outcome: stored(WITHOUT_CLIENT_ID) }, [ack(SAID.id)]],
    ],
  },
  {
    name: 'acknowledges a repetition again',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...joins(2, 'group:lobby', IN_LOBBY),
      [
        published('message', 'group:lobby', { id: 'm1', content: 'hi' }),
        [route(3, { ...SEND, clientId: 'm1' })],
      ],
      [{ settle: 3, outcome: stored(MINE, true) }, [ack('m1')]],
    ],
  },
  {
    name: 'sends to the inbox of another user without a subscription',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [
        published('message', 'user:bob', { id: 'm2', content: 'hi' }),
        [route(2, { ...TO_BOB, clientId: 'm2' })],
      ],
      [{ settle: 2, outcome: failed('blocked') }, [errorSent('blocked', { messageId: 'm2' })]],
      [published('message', 'user:bob', { content: 'hi' }), [route(3, TO_BOB)]],
      [{ settle: 3, outcome: failed('recipient_unknown') }, [errorSent('recipient_unknown')]],
    ],
  },
  {
    name: 'sends to the own inbox only if it is subscribed',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [
        published('message', 'user:alice', { id: 'm1', content: 'hi' }),
        [errorSent('not_subscribed', { messageId: 'm1' })],
      ],
      ...joins(2, 'user:alice', INBOX),
      [
        published('message', 'user:alice', { id: 'm1', content: 'hi' }),
        [route(3, { ...SEND, target: INBOX, clientId: 'm1' })],
      ],
    ],
  },
  {
    name: 'refuses a message to a channel that is not subscribed under exactly this name',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      ...joins(2, 'group:lobby', IN_LOBBY),
      ...['group:staff', 'private-group:lobby', 'lobby', 'Group:lobby'].map(
        (channel) =>
          [
            published('message', channel, { id: 'm1', content: 'hi' }),
            [errorSent('not_subscribed', { messageId: 'm1' })],
          ] as const,
      ),
      [
        published('message', 'user:', { id: 'm1', content: 'hi' }),
        [errorSent('frame_malformed', { messageId: 'm1', detail: 'the channel names no id' })],
      ],
    ],
  },
  {
    name: 'refuses a recipient who has no account behind the id on the wire',
    face,
    connection: {
      ...CREDENTIALS,
      identity: { toWire: () => undefined, toCanonical: (id) => (id === '2' ? 'bob' : undefined) },
    },
    steps: [
      ...LOGIN,
      [
        published('message', 'user:bob', { id: 'm1', content: 'hi' }),
        [errorSent('recipient_unknown', { messageId: 'm1' })],
      ],
      [
        published('message', 'user:2', { id: 'm1', content: 'hi' }),
        [route(2, { ...TO_BOB, clientId: 'm1' })],
      ],
      [
        published('message', 'user:2', { id: 'm1', content: 'hi', from: '9' }),
        [errorSent('sender_mismatch', { messageId: 'm1' })],
      ],
    ],
  },
  {
    name: 'hands an author whom a frame names to the router, which knows who is logged in',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [
        published('message', 'user:bob', { id: 'm1', content: 'hi', from: { id: 'bob', name: 'x' } }),
        [route(2, { ...TO_BOB, clientId: 'm1', claimedSender: 'bob' })],
      ],
      [
        { settle: 2, outcome: failed('sender_mismatch') },
        [errorSent('sender_mismatch', { messageId: 'm1' })],
      ],
      [
        published('message', 'user:bob', { id: 'm2', content: 'hi', from: 'alice' }),
        [route(3, { ...TO_BOB, clientId: 'm2', claimedSender: 'alice' })],
      ],
      [
        published('message', 'user:bob', { id: 'm3', content: 'hi', from: '' }),
        [route(4, { ...TO_BOB, clientId: 'm3' })],
      ],
    ],
  },
  {
    name: 'leaves a content type alone that would grow in lower case',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [
        published('message', 'user:bob', { id: 'm1', content: 'hi', contentType: 'İ'.repeat(33) }),
        [route(2, { ...TO_BOB, clientId: 'm1', contentType: 'İ'.repeat(33) })],
      ],
    ],
  },
  {
    name: 'settles messages in whatever order they are stored',
    face,
    connection: CREDENTIALS,
    steps: [
      ...LOGIN,
      [
        published('message', 'user:bob', { id: 'm1', content: 'hi' }),
        [route(2, { ...TO_BOB, clientId: 'm1' })],
      ],
      [
        published('message', 'user:bob', { id: 'm2', content: 'hi' }),
        [route(3, { ...TO_BOB, clientId: 'm2' })],
      ],
      [{ settle: 3, outcome: stored(MINE) }, [ack('m2')]],
      [{ settle: 2, outcome: failed('rate_limited') }, [errorSent('rate_limited', { messageId: 'm1' })]],
    ],
  },
];
