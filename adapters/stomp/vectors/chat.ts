/** Conversations of the server face: subscriptions, chat messages both ways, refusals, events. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import type { CommandOf } from '../../../schemas/command.ts';
import type { EventOf } from '../../../schemas/event.ts';
import type { Group, Message } from '../../../schemas/model.ts';
import {
  ALICE,
  closed,
  done,
  fault,
  id,
  login,
  ok,
  receiptOf,
  refused,
  routed,
  type Step,
  said,
  subscribed,
  user,
  wire,
} from './kit.ts';

const SEND_TO = 'destination:/app/chat.send';
const INBOX = '/user/queue/messages';
const LOBBY = '/topic/group/lobby';
const BOB = user('bob');

export function stored(changes: Partial<Message> = {}): Message {
  return {
    id: '01J',
    namespace: 'main',
    sequence: 4,
    from: BOB,
    to: { type: 'user', id: 'alice' },
    content: 'Hello',
    contentType: 'text',
    sentAt: 1_715_000_000_000,
    ...changes,
  };
}

export const arrives = (
  changes: Partial<Message> = {},
  event: Partial<EventOf<'message'>> = {},
): EventOf<'message'> => ({ type: 'message', namespace: 'main', message: stored(changes), ...event });

const BODY =
  '"fromId":"bob","toId":"alice","chatType":"SINGLE","msgType":"TEXT","content":"Hello","status":"SENT","createdAt":1715000000000}';
const IN_LOBBY =
  '"fromId":"bob","toId":"lobby","chatType":"GROUP","msgType":"TEXT","content":"Hello","status":"SENT","createdAt":1715000000000}';

/** A MESSAGE as this adapter writes it. */
const delivered = (subscription: string, destination: string, body: string, messageId = '01J') =>
  said(
    'MESSAGE',
    [
      `subscription:${subscription}`,
      `message-id:${messageId}`,
      `destination:${destination}`,
      'content-type:application/json',
    ],
    body,
  );

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

const toBob = { toId: 'bob', chatType: 'SINGLE', msgType: 'TEXT', content: 'Hello' };

const inbound: readonly ConversationVector[] = [
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

/** A frame that is refused with this body on the errors queue. */
const refuses = (
  name: string,
  text: string,
  body: string,
  more: Partial<ConversationVector> = {},
): ConversationVector => ({
  name,
  face: 'server',
  ...more,
  steps: [
    ...login(),
    ...subscribed(0, 'e', '/user/queue/errors', { local: true }),
    [{ wire: text }, [delivered('e', '/user/queue/errors', body, id(2))]],
  ],
});

const send = (body: unknown): string => wire('SEND', [SEND_TO], JSON.stringify(body));
const strangers = { identity: { toWire: (canonical: string) => canonical, toCanonical: () => undefined } };

const refusals: readonly ConversationVector[] = [
  refuses(
    'refuses a body that is no JSON',
    wire('SEND', [SEND_TO], '{'),
    '{"code":"frame_malformed","message":"the frame cannot be read: not JSON"}',
  ),
  refuses(
    'refuses a body without toId, and names the message',
    send({ messageId: 'm', chatType: 'SINGLE', content: 'x' }),
    '{"code":"field_missing","message":"a required field is missing: toId","messageId":"m"}',
  ),
  refuses(
    'takes an empty content for a missing one',
    send({ ...toBob, content: '' }),
    '{"code":"field_missing","message":"a required field is missing: content"}',
  ),
  refuses(
    'refuses a chatType that is neither SINGLE nor GROUP',
    send({ ...toBob, chatType: 'ROOM' }),
    '{"code":"frame_malformed","message":"the frame cannot be read: chatType must be equal to one of the allowed values"}',
  ),
  refuses(
    'refuses another appId',
    send({ ...toBob, appId: 'theirs', messageId: 'm' }),
    '{"code":"forbidden","message":"not allowed: this endpoint serves another appId","messageId":"m"}',
    { endpoint: { options: { appId: 'mine' } } },
  ),
  refuses(
    'refuses a recipient who is nobody here',
    send({ ...toBob, messageId: 'm' }),
    '{"code":"recipient_unknown","message":"the recipient does not exist or is offline","messageId":"m"}',
    { connection: strangers },
  ),
  refuses(
    'refuses a sender who is nobody here',
    send({ ...toBob, chatType: 'GROUP', fromId: 'x' }),
    '{"code":"sender_mismatch","message":"the sender is not the authenticated user"}',
    { connection: strangers },
  ),
  refuses(
    'refuses chat.sync without a subscription to the inbox',
    wire('SEND', ['destination:/app/chat.sync'], '{}'),
    '{"code":"not_subscribed","message":"the connection is not subscribed to the channel: subscribe to /user/queue/messages first"}',
  ),
  ...['/topic/group/lobby', '/user/queue/messages', '/user/bob/queue/messages', '/topic/x', '/app/other'].map(
    (destination) =>
      refuses(
        `refuses SEND to ${destination}`,
        wire('SEND', [`destination:${destination}`], '{}'),
        `{"code":"forbidden","message":"not allowed: \\"${destination}\\" cannot be sent to here"}`,
      ),
  ),
  ...['/user/bob/queue/messages', '/topic/other', '/queue/x', '/topic/group/', '/app/chat.send'].map(
    (destination) =>
      refuses(
        `refuses SUBSCRIBE to ${destination}`,
        wire('SUBSCRIBE', ['id:1', `destination:${destination}`]),
        `{"code":"forbidden","message":"not allowed: \\"${destination}\\" cannot be subscribed to here"}`,
      ),
  ),
  ...['/topic/group/*', '/topic/>', '/user/*/queue/messages', '/topic/**', '/exchange/a.#'].map(
    (destination) =>
      refuses(
        `refuses the wildcard ${destination}`,
        wire('SUBSCRIBE', ['id:1', `destination:${destination}`]),
        '{"code":"forbidden","message":"not allowed: destinations are exact; wildcards are not served"}',
      ),
  ),
  refuses(
    'refuses a selector, which it would have to ignore',
    wire('SUBSCRIBE', ['id:1', `destination:${INBOX}`, 'selector:a=1']),
    '{"code":"unsupported","message":"this is not supported here: selectors are not served"}',
  ),
  refuses(
    'refuses UNSUBSCRIBE of what was not subscribed',
    wire('UNSUBSCRIBE', ['id:9']),
    '{"code":"not_subscribed","message":"the connection is not subscribed to the channel: this connection has no subscription of this id"}',
  ),
  refuses(
    'refuses a subscription too many',
    wire('SUBSCRIBE', ['id:9', `destination:${INBOX}`]),
    '{"code":"limit_exceeded","message":"a limit of this endpoint is exceeded: at most 1 subscriptions"}',
    { endpoint: { options: { limits: { subscriptions: 1 } } } },
  ),
  {
    name: 'tells a refused message by ERROR if a receipt was asked for, then closes',
    face: 'server',
    steps: [
      ...login(),
      ...subscribed(0, 'e', '/user/queue/errors', { local: true }),
      [
        {
          wire: wire(
            'SEND',
            [SEND_TO, 'receipt:7'],
            JSON.stringify({ ...toBob, chatType: 'GROUP', toId: 'staff', messageId: 'm' }),
          ),
        },
        [
          routed(2, {
            type: 'send_message',
            target: { type: 'group', id: 'staff' },
            content: 'Hello',
            contentType: 'text',
            clientId: 'm',
          }),
        ],
      ],
      [
        refused(2, new GatewayError('muted')),
        fault('muted', 'you are muted in this group', { receipt: '7' }),
      ],
      [{ deliver: arrives() }, []],
    ],
  },
  {
    name: 'tells a refused message by ERROR to a client without an errors queue',
    face: 'server',
    steps: [
      ...login(),
      [
        { wire: send(toBob) },
        [
          routed(2, {
            type: 'send_message',
            target: { type: 'user', id: 'bob' },
            content: 'Hello',
            contentType: 'text',
          }),
        ],
      ],
      [refused(2, new GatewayError('blocked')), fault('blocked', 'the recipient has blocked you')],
    ],
  },
  {
    name: 'tells a refused message on the errors queue, with its id, and stays open',
    face: 'server',
    steps: [
      ...login(),
      ...subscribed(0, 'e', '/user/queue/errors', { local: true }),
      [
        { wire: send({ ...toBob, messageId: 'm' }) },
        [
          routed(2, {
            type: 'send_message',
            target: { type: 'user', id: 'bob' },
            content: 'Hello',
            contentType: 'text',
            clientId: 'm',
          }),
        ],
      ],
      [
        refused(2, new GatewayError('blocked')),
        [
          delivered(
            'e',
            '/user/queue/errors',
            '{"code":"blocked","message":"the recipient has blocked you","messageId":"m"}',
            id(2),
          ),
        ],
      ],
      [{ wire: wire('UNSUBSCRIBE', ['id:e', 'receipt:2']) }, [receiptOf('2')]],
    ],
  },
  {
    name: 'ends a connection on SEND without a destination',
    face: 'server',
    steps: [
      ...login(),
      [
        { wire: wire('SEND', ['receipt:1'], '{}') },
        fault('field_missing', 'a required field is missing: SEND needs the header destination', {
          receipt: '1',
        }),
      ],
    ],
  },
];

const subscriptions: readonly ConversationVector[] = [
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

/** In the lobby and the inbox, this event gives these effects. */
const delivers = (
  name: string,
  event: unknown,
  effects: Step[1],
  more: Partial<ConversationVector> = {},
): ConversationVector => ({
  name,
  face: 'server',
  ...more,
  steps: [
    ...login(),
    ...subscribed(2, 'i', INBOX),
    ...subscribed(3, 'g', LOBBY),
    [{ deliver: event }, effects],
  ],
});

const lobby = { to: { type: 'group', id: 'lobby' } } as const;

const outbound: readonly ConversationVector[] = [
  delivers('delivers a direct message to the inbox', arrives(), [
    delivered('i', INBOX, `{"id":"01J",${BODY}`),
  ]),
  delivers('shows the id that the author gave', arrives({ clientId: 'm-1' }), [
    delivered('i', INBOX, `{"id":"m-1",${BODY}`),
  ]),
  delivers('delivers a group message to the topic only', arrives(lobby), [
    delivered('g', LOBBY, `{"id":"01J",${IN_LOBBY}`),
  ]),
  delivers('delivers a missed group message to the inbox', arrives(lobby, { replayed: true }), [
    delivered('i', INBOX, `{"id":"01J",${IN_LOBBY}`),
  ]),
  delivers('gives the sending connection its own group message', arrives(lobby, { origin: 'c-1' }), [
    delivered('g', LOBBY, `{"id":"01J",${IN_LOBBY}`),
  ]),
  delivers('gives the sending connection no copy of its direct message', arrives({}, { origin: 'c-1' }), []),
  delivers(
    'gives the other connections of the sender a copy',
    arrives({ from: user('alice'), to: { type: 'user', id: 'bob' } }, { origin: 'c-2' }),
    [
      delivered(
        'i',
        INBOX,
        '{"id":"01J","fromId":"alice","toId":"bob","chatType":"SINGLE","msgType":"TEXT","content":"Hello","status":"SENT","createdAt":1715000000000}',
      ),
    ],
  ),
  delivers(
    'says nothing of a group that was not subscribed',
    arrives({ to: { type: 'group', id: 'x' } }),
    [],
  ),
  delivers(
    'counts a name and an avatar that the body cannot say',
    arrives({
      from: { ...user('bob', 'Bob'), avatar: '/b.png' },
    }),
    [
      delivered('i', INBOX, `{"id":"01J",${BODY}`),
      { kind: 'lost', type: 'message', fields: ['from.name', 'from.avatar'] },
    ],
  ),
  delivers(
    'counts a message whose author has no id on this wire',
    arrives(),
    [{ kind: 'lost', type: 'message', fields: ['*'] }],
    {
      connection: {
        identity: {
          toWire: (canonical) => (canonical === 'bob' ? undefined : canonical),
          toCanonical: (wireId) => wireId,
        },
      },
    },
  ),
  delivers(
    'says media by its URL, and beside it what the URL cannot hold',
    arrives({
      content: 'look',
      contentType: 'image',
      attachment: { url: 'https://h/a.png', name: 'a.png' },
      replyTo: 'm-0',
      extensions: { stomp: { appId: 'k', mentionedUserIds: ['alice'] } },
    }),
    [
      delivered(
        'i',
        INBOX,
        '{"id":"01J","fromId":"bob","toId":"alice","chatType":"SINGLE","msgType":"IMAGE","content":"https://h/a.png","status":"SENT","createdAt":1715000000000,"text":"look","attachment":{"url":"https://h/a.png","name":"a.png"},"replyTo":"m-0","mentionedUserIds":["alice"]}',
      ),
    ],
  ),
  delivers(
    'says an image that is a URL and nothing else as the source would',
    arrives({
      content: 'https://h/a.png',
      contentType: 'image',
      attachment: { url: 'https://h/a.png' },
    }),
    [
      delivered(
        'i',
        INBOX,
        '{"id":"01J","fromId":"bob","toId":"alice","chatType":"SINGLE","msgType":"IMAGE","content":"https://h/a.png","status":"SENT","createdAt":1715000000000}',
      ),
    ],
  ),
  delivers(
    'says other attachments beside the content',
    arrives({ attachment: { url: 'a' }, contentType: 'RED_packet' }),
    [
      delivered(
        'i',
        INBOX,
        '{"id":"01J","fromId":"bob","toId":"alice","chatType":"SINGLE","msgType":"RED_packet","content":"Hello","status":"SENT","createdAt":1715000000000,"attachment":{"url":"a"}}',
      ),
    ],
  ),
  {
    name: 'sends one MESSAGE for each subscription, each with a message-id of its own',
    face: 'server',
    steps: [
      ...login(),
      ...subscribed(2, 'a', LOBBY),
      [{ wire: wire('SUBSCRIBE', ['id:b', `destination:${LOBBY}`]) }, []],
      [
        { deliver: arrives(lobby) },
        [
          delivered('a', LOBBY, `{"id":"01J",${IN_LOBBY}`),
          delivered('b', LOBBY, `{"id":"01J",${IN_LOBBY}`, '01J.2'),
        ],
      ],
    ],
  },
  delivers(
    'has no roster',
    { type: 'user_list', namespace: 'main', group: group(), online: [], offline: [] },
    [{ kind: 'lost', type: 'user_list', fields: ['*'] }],
  ),
];

export function group(): Group {
  return {
    namespace: 'main',
    id: 'lobby',
    name: 'Lobby',
    description: '',
    owner: ALICE,
    createdAt: 9,
    open: true,
  };
}

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

const events: readonly ConversationVector[] = [
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

const listeners: readonly ConversationVector[] = [
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

export const chatConversations: readonly ConversationVector[] = [
  ...inbound,
  ...refusals,
  ...subscriptions,
  ...outbound,
  ...events,
  ...listeners,
];
