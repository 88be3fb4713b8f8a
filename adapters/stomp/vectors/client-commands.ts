/** Conversations of the client face: commands as frames, and their answers. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import type { Result } from '../../../schemas/outcome.ts';
import { JSON_TYPE } from './broker-kit.ts';
import { arrives } from './chat-kit.ts';
import {
  ALICE,
  chat,
  failed,
  HELLO,
  inboxFrame,
  lost,
  receipt,
  result,
  sendFrame,
  sendHello,
  settled,
  TOKEN,
} from './client-kit.ts';
import { closed, id, routed, said } from './kit.ts';

export const commands: readonly ConversationVector[] = [
  chat('sends a message, which its RECEIPT settles', [
    [{ deliver: sendHello, ref: 7 }, [sendFrame('r-1', HELLO)]],
    [receipt('r-9'), []],
    [receipt('r-1'), [settled(7, result())]],
    [receipt('r-1'), []],
  ]),
  chat('makes an id for a message without one', [
    [
      {
        deliver: {
          type: 'send_message',
          target: { type: 'group', id: 'g' },
          content: 'x',
          contentType: 'Odd',
        },
        ref: 7,
      },
      [
        sendFrame(
          'r-1',
          `{"messageId":"${id(1)}","toId":"g","chatType":"GROUP","msgType":"Odd","content":"x"}`,
        ),
      ],
    ],
  ]),
  chat(
    'names its app, unless the message came with one',
    [
      [{ deliver: sendHello, ref: 7 }, [sendFrame('r-1', `{"appId":"ours",${HELLO.slice(1)}`)]],
      [
        {
          deliver: {
            ...sendHello,
            replyTo: 'm-0',
            attachment: { url: 'https://h/a', size: 3 },
            extensions: { stomp: { appId: 'theirs', mentionedUserIds: ['carol'] } },
          },
          ref: 8,
        },
        [
          sendFrame(
            'r-2',
            '{"appId":"theirs","messageId":"m-1","toId":"bob","chatType":"SINGLE","msgType":"TEXT","content":"Hello","attachment":{"url":"https://h/a","size":3},"replyTo":"m-0","mentionedUserIds":["carol"]}',
          ),
        ],
      ],
      [
        receipt('r-2'),
        [
          settled(
            8,
            result({
              replyTo: 'm-0',
              attachment: { url: 'https://h/a', size: 3 },
              extensions: { stomp: { appId: 'theirs', mentionedUserIds: ['carol'] } },
            }),
          ),
        ],
      ],
    ],
    { endpoint: { options: { appId: 'ours' } } },
  ),
  chat(
    'settles a message at once where the server answers no receipts',
    [
      [
        { deliver: sendHello, ref: 7 },
        [said('SEND', ['destination:/app/chat.send', JSON_TYPE], HELLO), settled(7, result())],
      ],
    ],
    { endpoint: { options: { upstream: { receipts: false } } } },
  ),
  chat(
    'refuses a recipient who has no id on this wire',
    [[{ deliver: sendHello, ref: 7 }, [failed(7, new GatewayError('recipient_unknown'))]]],
    {
      connection: {
        ...TOKEN,
        identity: { toWire: () => undefined, toCanonical: (wireId) => wireId },
      },
    },
  ),
  chat('revokes, syncs and counts what the sync brought', [
    [
      { deliver: { type: 'revoke_message', message: 'm-1' }, ref: 1 },
      [sendFrame('r-1', '{"messageId":"m-1"}', '/app/chat.revoke')],
    ],
    [receipt('r-1'), [settled(1, { type: 'done' })]],
    [
      { deliver: { type: 'sync', target: { type: 'group', id: 'g' } }, ref: 2 },
      [sendFrame('r-2', '{}', '/app/chat.sync'), lost('sync', 'target')],
    ],
    [{ wire: inboxFrame() }, [routed(2, arrives({ id: 'm-9', sequence: 1 }))]],
    [receipt('r-2'), [settled(2, { type: 'synced', count: 1 })]],
  ]),
  chat('subscribes to groups and back; its own inbox it has already', [
    [
      { deliver: { type: 'subscribe', target: { type: 'user', id: 'alice' } }, ref: 1 },
      [settled(1, { type: 'subscribed', target: { type: 'user', id: 'alice' } })],
    ],
    [
      { deliver: { type: 'subscribe', target: { type: 'group', id: 'g' } }, ref: 2 },
      [said('SUBSCRIBE', ['receipt:r-1', 'id:sub-4', 'destination:/topic/group/g', 'ack:auto'])],
    ],
    [receipt('r-1'), [settled(2, { type: 'subscribed', target: { type: 'group', id: 'g' } })]],
    [
      { deliver: { type: 'unsubscribe', target: { type: 'group', id: 'g' } }, ref: 3 },
      [said('UNSUBSCRIBE', ['receipt:r-2', 'id:sub-4', 'destination:/topic/group/g'])],
    ],
    [receipt('r-2'), [settled(3, { type: 'unsubscribed', target: { type: 'group', id: 'g' } })]],
    [
      { deliver: { type: 'unsubscribe', target: { type: 'group', id: 'g' } }, ref: 4 },
      [settled(4, { type: 'unsubscribed', target: { type: 'group', id: 'g' } })],
    ],
  ]),
  chat('joins and leaves a group by its topic, alone as far as it can tell', [
    [
      { deliver: { type: 'join_group', group: 'g', exclusive: true }, ref: 1 },
      [
        said('SUBSCRIBE', ['receipt:r-1', 'id:sub-4', 'destination:/topic/group/g', 'ack:auto']),
        lost('join_group', 'attending'),
      ],
    ],
    [
      receipt('r-1'),
      [
        settled(1, {
          type: 'joined',
          user: ALICE,
          attending: [ALICE],
          group: { namespace: 'main', id: 'g', name: 'g', description: '', createdAt: 0, open: true },
        }),
      ],
    ],
    [
      { deliver: { type: 'leave_group', group: 'g' }, ref: 2 },
      [
        said('UNSUBSCRIBE', ['receipt:r-2', 'id:sub-4', 'destination:/topic/group/g']),
        lost('leave_group', 'attending'),
      ],
    ],
    [
      receipt('r-2'),
      [
        settled(2, {
          type: 'left',
          user: ALICE,
          group: { namespace: 'main', id: 'g', name: 'g', description: '', createdAt: 0, open: true },
        }),
      ],
    ],
  ]),
  chat('sends a batch as a transaction, which the RECEIPT of COMMIT settles', [
    [
      {
        deliver: {
          type: 'send_batch',
          items: [
            sendHello,
            { type: 'revoke_message', message: 'm-0' },
            {
              type: 'relay',
              target: { type: 'queue', id: '/queue/q' },
              name: 'SEND',
              headers: [['a', 'b']],
              body: 'x',
              ephemeral: false,
            },
          ],
        },
        ref: 5,
      },
      [
        said('BEGIN', ['transaction:tx-1']),
        said('SEND', ['transaction:tx-1', 'destination:/app/chat.send', JSON_TYPE], HELLO),
        said('SEND', ['transaction:tx-1', 'destination:/app/chat.revoke', JSON_TYPE], '{"messageId":"m-0"}'),
        said('SEND', ['transaction:tx-1', 'destination:/queue/q', 'a:b'], 'x'),
        said('COMMIT', ['receipt:r-1', 'transaction:tx-1']),
      ],
    ],
    [
      receipt('r-1'),
      [settled(5, { type: 'batch_stored', stored: [result() as Result & { type: 'stored' }] })],
    ],
  ]),
  chat('says who it is when asked to log in again', [
    [
      { deliver: { type: 'authenticate', credentials: [{ kind: 'token', token: 'U' }] }, ref: 1 },
      [settled(1, { type: 'authenticated', user: ALICE, anonymous: false })],
    ],
  ]),
  chat('counts and refuses what STOMP cannot say', [
    [
      { deliver: { type: 'mark_read', target: { type: 'user', id: 'bob' } }, ref: 1 },
      [lost('mark_read'), failed(1, new GatewayError('unsupported'))],
    ],
    [
      { deliver: { type: 'list_users', group: 'g' }, ref: 2 },
      [lost('list_users'), failed(2, new GatewayError('unsupported'))],
    ],
    [
      { deliver: { type: 'report_error', code: 'c', message: 'm' }, ref: 3 },
      [lost('report_error'), failed(3, new GatewayError('unsupported'))],
    ],
    [
      {
        deliver: {
          type: 'relay',
          target: { type: 'group', id: 'g' },
          name: 'typing',
          headers: [],
          body: '',
          ephemeral: true,
        },
        ref: 4,
      },
      [lost('relay'), failed(4, new GatewayError('unsupported'))],
    ],
  ]),
  chat('says goodbye, and closes when that is answered', [
    [{ deliver: { type: 'disconnect' }, ref: 1 }, [said('DISCONNECT', ['receipt:r-1'])]],
    [receipt('r-1'), [settled(1, { type: 'done' }), closed('normal', 'DISCONNECT')]],
  ]),
];
