/** Conversations of the server face: what SEND means. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import type { CommandOf } from '../../../schemas/command.ts';
import { INBOX, SEND_TO, stored, toBob } from './chat-kit.ts';
import { done, login, ok, receiptOf, routed, subscribed, wire } from './kit.ts';

/** A SEND of this body is read as this command. */
const sends = (
  name: string,
  body: object | string,
  command: Partial<CommandOf<'send_message'>>,
  more: Partial<ConversationVector> = {},
): ConversationVector => ({
  name,
  face: 'server',
  ...more,
  steps: [
    ...login(),
    [
      { wire: wire('SEND', [SEND_TO], typeof body === 'string' ? body : JSON.stringify(body)) },
      [
        routed(2, {
          type: 'send_message',
          target: { type: 'user', id: 'bob' },
          content: 'Hello',
          contentType: 'text',
          ...command,
        }),
      ],
    ],
  ],
});

export const inbound: readonly ConversationVector[] = [
  sends(
    'reads chat.send as the source has it',
    '{"appId":"ak_demo_chat","messageId":"m-1","toId":"bob","chatType":"SINGLE","msgType":"TEXT","content":"Hello"}\n',
    { clientId: 'm-1', extensions: { stomp: { appId: 'ak_demo_chat' } } },
  ),
  sends(
    'reads a group message',
    { ...toBob, toId: 'lobby', chatType: 'GROUP' },
    {
      target: { type: 'group', id: 'lobby' },
    },
  ),
  sends('takes appKey for appId', { appKey: 'k', ...toBob }, { extensions: { stomp: { appId: 'k' } } }),
  sends(
    'accepts the appId that is served',
    { appId: 'mine', ...toBob },
    {
      extensions: { stomp: { appId: 'mine' } },
    },
    { endpoint: { options: { appId: 'mine' } } },
  ),
  sends('accepts a body without appId', toBob, {}, { endpoint: { options: { appId: 'mine' } } }),
  sends(
    'hands an unknown msgType on unchanged',
    { ...toBob, msgType: 'RED_packet' },
    {
      contentType: 'RED_packet',
    },
  ),
  sends('takes a missing msgType for TEXT', { toId: 'bob', chatType: 'SINGLE', content: 'Hello' }, {}),
  sends('keeps white space', { ...toBob, content: ' \n ' }, { content: ' \n ' }),
  sends(
    'claims the sender that the body names',
    { ...toBob, fromId: 'mallory' },
    { claimedSender: 'mallory' },
  ),
  sends(
    'takes null and empty optional fields for missing ones',
    {
      ...toBob,
      messageId: '',
      fromId: null,
      replyTo: null,
      appId: '',
    },
    {},
  ),
  sends(
    'reads a reply and its mentions',
    { ...toBob, replyTo: 'm-0', mentionedUserIds: ['carol'] },
    {
      replyTo: 'm-0',
      extensions: { stomp: { mentionedUserIds: ['carol'] } },
    },
  ),
  sends(
    'takes the URL of an image for its attachment',
    { ...toBob, msgType: 'IMAGE', content: 'https://h/a.png' },
    {
      content: 'https://h/a.png',
      contentType: 'image',
      attachment: { url: 'https://h/a.png' },
    },
  ),
  sends(
    'takes the words of an image for words',
    { ...toBob, msgType: 'IMAGE', content: 'no url' },
    {
      content: 'no url',
      contentType: 'image',
    },
  ),
  sends(
    'reads an attachment with its words, name and size',
    {
      ...toBob,
      msgType: 'FILE',
      content: 'https://h/a.pdf',
      text: 'the plan',
      attachment: { url: 'https://h/a.pdf', name: 'a.pdf', size: 7 },
    },
    {
      content: 'the plan',
      contentType: 'file',
      attachment: { url: 'https://h/a.pdf', name: 'a.pdf', size: 7 },
    },
  ),
  sends(
    'maps user ids of the wire',
    { ...toBob, toId: '2', fromId: '1' },
    {
      target: { type: 'user', id: 'u2' },
      claimedSender: 'u1',
    },
    {
      connection: { identity: { toWire: () => 'alice', toCanonical: (wireId) => `u${wireId}` } },
    },
  ),
  {
    name: 'drops fields that nobody knows, and counts them',
    face: 'server',
    steps: [
      ...login(),
      [
        { wire: wire('SEND', [SEND_TO], JSON.stringify({ ...toBob, timestamp: 1 })) },
        [
          routed(2, {
            type: 'send_message',
            target: { type: 'user', id: 'bob' },
            content: 'Hello',
            contentType: 'text',
          }),
          { kind: 'lost', type: 'send_message', fields: ['unknown fields'] },
        ],
      ],
    ],
  },
  {
    name: 'answers RECEIPT when the message is stored, and nothing where none was asked for',
    face: 'server',
    steps: [
      ...login(),
      [
        { wire: wire('SEND', [SEND_TO, 'receipt:r 1'], JSON.stringify(toBob)) },
        [
          routed(2, {
            type: 'send_message',
            target: { type: 'user', id: 'bob' },
            content: 'Hello',
            contentType: 'text',
          }),
        ],
      ],
      [ok(2, { type: 'stored', message: stored(), duplicate: false }), [receiptOf('r 1')]],
      [
        { wire: wire('SEND', [SEND_TO], JSON.stringify(toBob)) },
        [
          routed(3, {
            type: 'send_message',
            target: { type: 'user', id: 'bob' },
            content: 'Hello',
            contentType: 'text',
          }),
        ],
      ],
      [ok(3, { type: 'stored', message: stored(), duplicate: true }), []],
    ],
  },
  {
    name: 'reads chat.revoke and chat.sync',
    face: 'server',
    steps: [
      ...login(),
      ...subscribed(2, 's', INBOX),
      [
        {
          wire: wire(
            'SEND',
            ['destination:/app/chat.revoke', 'receipt:1'],
            '{"appId":"ak_demo_chat","messageId":"m-1","fromId":"alice"}',
          ),
        },
        [routed(3, { type: 'revoke_message', message: 'm-1', claimedSender: 'alice' })],
      ],
      [done(3), [receiptOf('1')]],
      [
        { wire: wire('SEND', ['destination:/app/chat.sync', 'receipt:2'], '{"appId":"ak_demo_chat"}\n') },
        [routed(4, { type: 'sync' })],
      ],
      [ok(4, { type: 'synced', count: 0 }), [receiptOf('2')]],
      [{ wire: wire('SEND', ['destination:/app/chat.sync']) }, [routed(5, { type: 'sync' })]],
    ],
  },
];
