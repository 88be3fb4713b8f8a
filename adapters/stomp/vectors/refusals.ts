/** Conversations of the server face: what is refused, and in which form. */
import type { ConversationVector } from '../../../core/dialect-vectors.ts';
import { GatewayError } from '../../../core/errors.ts';
import { arrives, delivered, INBOX, SEND_TO, toBob } from './chat-kit.ts';
import { fault, id, login, receiptOf, refused, routed, subscribed, wire } from './kit.ts';

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

export const refusals: readonly ConversationVector[] = [
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
