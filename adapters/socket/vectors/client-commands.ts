/** Client face: sending to a server, and what it can't be asked. */

import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import type { Command } from '../../../schemas/command.ts';
import {
  face,
  failure,
  GREETED,
  message,
  SEND,
  STORED,
  settled,
  UNSUPPORTED,
  wire,
} from './client-samples.ts';
import { ALICE, DIRECT, DONE, IN_LOBBY, lost, NOW, namespace, send, stored } from './samples.ts';

export const conversations: readonly ConversationVector[] = [
  {
    name: 'sends messages with an id and settles them by it, in whatever order they are answered',
    face,
    steps: [
      ...GREETED,
      [{ deliver: SEND, ref: 1 }, [message({ id: 'm1', content: 'hi', contentType: 'text' })]],
      [
        { deliver: { ...SEND, clientId: 'm2', replyTo: 'm0', target: DIRECT.to }, ref: 2 },
        [message({ id: 'm2', content: 'hi', contentType: 'text', replyTo: 'm0' }, 'user:alice')],
      ],
      [
        wire({
          event: 'error',
          data: { code: 'muted', message: 'you are muted in this group', messageId: 'm2' },
        }),
        [settled(2, failure('muted'))],
      ],
      [wire({ event: 'ack', data: { id: 'm1', status: 'success' } }), [settled(1, stored(STORED))]],
      [wire({ event: 'ack', data: { id: 'm1', status: 'success' } }), [lost('ack')]],
    ],
  },
  {
    name: 'sends a content type as its author wrote it in this dialect',
    face,
    steps: [
      ...GREETED,
      [
        {
          deliver: { ...SEND, contentType: 'image', extensions: { socket: { contentType: 'Image' } } },
          ref: 1,
        },
        [message({ id: 'm1', content: 'hi', contentType: 'Image' })],
      ],
    ],
  },
  {
    name: 'makes an id for a message that has none',
    face,
    connection: { credentials: [{ kind: 'claim', user: { id: 'alice', name: 'Alice', avatar: '/a.png' } }] },
    steps: [
      ...GREETED,
      [
        { deliver: { type: 'send_message', target: IN_LOBBY, content: 'hi', contentType: 'text' }, ref: 1 },
        [message({ id: '00000000-0000-4000-8000-000000000001', content: 'hi', contentType: 'text' })],
      ],
      [
        wire({ event: 'ack', data: { id: '00000000-0000-4000-8000-000000000001', status: 'success' } }),
        [
          settled(1, {
            ok: true,
            result: {
              type: 'stored',
              message: {
                id: '00000000-0000-4000-8000-000000000001',
                namespace,
                sequence: 1,
                from: ALICE,
                to: { type: 'group', id: 'lobby' },
                content: 'hi',
                contentType: 'text',
                sentAt: NOW,
              },
              duplicate: false,
            },
          }),
        ],
      ],
    ],
  },
  {
    name: 'settles one id that was sent twice once for each answer',
    face,
    steps: [
      ...GREETED,
      [{ deliver: SEND, ref: 1 }, [message({ id: 'm1', content: 'hi', contentType: 'text' })]],
      [
        { deliver: { ...SEND, content: 'ho' }, ref: 2 },
        [message({ id: 'm1', content: 'ho', contentType: 'text' })],
      ],
      [wire({ event: 'ack', data: { id: 'm1', status: 'success' } }), [settled(1, stored(STORED))]],
      [
        wire({ event: 'error', data: { code: 'duplicate_conflict', message: 'other', messageId: 'm1' } }),
        [settled(2, failure('duplicate_conflict', 'other'))],
      ],
    ],
  },
  {
    name: 'reads codes that it does not know as internal, and counts errors that answer nothing',
    face,
    steps: [
      ...GREETED,
      [{ deliver: SEND, ref: 1 }, [message({ id: 'm1', content: 'hi', contentType: 'text' })]],
      [
        wire({ event: 'error', data: { code: '__proto__', message: 'boom', messageId: 'm1' } }),
        [settled(1, failure('internal', '__proto__: boom'))],
      ],
      [wire({ event: 'error', data: { code: 'rate_limited', message: 'slow down' } }), [lost('error')]],
      [wire({ event: 'error', data: { code: 'muted', message: 'x', messageId: 'm9' } }), [lost('error')]],
    ],
  },
  {
    name: 'counts what a message loses on the way to the server',
    face,
    steps: [
      ...GREETED,
      [
        {
          deliver: { ...SEND, attachment: { url: '/a' }, extensions: { other: {} }, onlineOnly: true },
          ref: 1,
        },
        [
          message({ id: 'm1', content: 'hi', contentType: 'text' }),
          lost('send_message', 'attachment', 'extensions', 'onlineOnly'),
        ],
      ],
    ],
  },
  {
    name: 'relays ephemeral text and settles it at once, because nothing answers it',
    face,
    steps: [
      ...GREETED,
      ...(
        [
          ['{"on":true}', { on: true }],
          ['not JSON', 'not JSON'],
          ['null', null],
        ] as const
      ).map(
        ([body, data]) =>
          [
            {
              deliver: {
                type: 'relay',
                target: IN_LOBBY,
                name: 'typing',
                headers: [],
                body,
                ephemeral: true,
              },
              ref: 1,
            },
            [send({ event: 'typing', channel: 'group:lobby', data }), settled(1, DONE)],
          ] as const,
      ),
      [
        {
          deliver: {
            type: 'relay',
            target: IN_LOBBY,
            name: 'wave',
            headers: [['a', 'b']],
            body: '',
            ephemeral: true,
          },
          ref: 2,
        },
        [send({ event: 'wave', channel: 'group:lobby' }), lost('relay', 'headers'), settled(2, DONE)],
      ],
    ],
  },
  {
    name: 'refuses what this dialect cannot say',
    face,
    connection: { identity: { toWire: (id) => (id === 'alice' ? id : undefined), toCanonical: (id) => id } },
    steps: [
      ...GREETED,
      ...(
        [
          { type: 'send_batch', items: [] },
          { type: 'revoke_message', message: 'm1' },
          { type: 'mark_read', target: DIRECT.to },
          { type: 'sync' },
          { type: 'list_users', group: 'lobby' },
          { type: 'report_error', code: '1', message: 'x' },
          {
            type: 'settle_delivery',
            accepted: true,
            deliveries: [{ kind: 'queue', queue: 'q', delivery: 'd' }],
          },
          { type: 'subscribe', target: { type: 'topic', id: 'x' } },
          { type: 'unsubscribe', target: { type: 'queue', id: 'x' } },
          { type: 'subscribe', target: { type: 'group', id: 'channel:user:alice' } },
          { type: 'subscribe', target: { type: 'group', id: 'channel:' } },
          { ...SEND, target: { type: 'user', id: 'bob' } },
          { type: 'relay', target: IN_LOBBY, name: 'x', headers: [], body: '1', ephemeral: false },
          { type: 'relay', target: IN_LOBBY, name: 'message', headers: [], body: '1', ephemeral: true },
          { type: 'relay', target: IN_LOBBY, name: '', headers: [], body: '1', ephemeral: true },
          {
            type: 'relay',
            target: IN_LOBBY,
            name: 'x',
            headers: [],
            body: new Uint8Array([255]),
            ephemeral: true,
          },
        ] satisfies readonly Command[]
      ).map(
        (command) => [{ deliver: command, ref: 5 }, [lost(command.type), settled(5, UNSUPPORTED)]] as const,
      ),
    ],
  },
];
