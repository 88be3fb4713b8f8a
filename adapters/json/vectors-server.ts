/** The server's side: what a client sends after login, and how each fault is told. */
import type { ConversationVector } from '../../core/dialect-vectors.ts';
import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import { READY, route, send } from '../../core/session-kit.ts';
import type { SendMessage } from '../../schemas/command.ts';
import { authenticated, closed, DONE, errorSent, LOGIN, MING, SINGLE, stored } from './vector-samples.ts';

const FIVE =
  '"id":"msg_uuid_001","fromId":"user_001","toId":"user_002","chatType":"single","content":"你好!"';
const message = (data: string): string => `{"type":"message","data":{${data}}}`;

const COMMAND: SendMessage = {
  type: 'send_message',
  target: { type: 'user', id: 'user_002' },
  content: '你好!',
  contentType: 'text',
  clientId: 'msg_uuid_001',
  claimedSender: 'user_001',
};
const ACK = send({ type: 'ack', data: { id: 'msg_uuid_001', status: 'success' } });
const failed = (error: GatewayError) => ({ ok: false, error }) as const;

const server = (name: string, ...steps: ConversationVector['steps']): ConversationVector => ({
  name,
  face: 'server',
  steps: [...LOGIN, ...steps],
});

/** Each refusal of a message is one error with its id, in the words of the error table. */
const REFUSALS: readonly ErrorCode[] = [
  'content_too_long',
  'sender_mismatch',
  'forbidden',
  'blocked',
  'muted',
  'rate_limited',
  'duplicate_conflict',
  'recipient_unknown',
  'group_unknown',
  'recipient_queue_full',
  'limit_exceeded',
  'store_unavailable',
  'upstream_unavailable',
  'unsupported',
];

/** Faults that no command caused and that leave the connection open. */
const FAULTS: readonly ErrorCode[] = [
  'frame_malformed',
  'frame_unknown',
  'field_missing',
  'rate_limited',
  'limit_exceeded',
  'content_too_long',
  'unauthenticated',
];

/** Identities of an endpoint that puts a prefix before its users' ids. */
const PREFIXED = {
  toWire: (id: string) => (id.startsWith('im-') ? id.slice(3) : undefined),
  toCanonical: (id: string) => (id.startsWith('group') ? undefined : `im-${id}`),
};

export const conversations: readonly ConversationVector[] = [
  server(
    'a stored message is acknowledged once',
    [{ wire: message(`${FIVE},"contentType":"text","replyTo":"","imageUrl":""`) }, [route(2, COMMAND)]],
    [{ settle: 2, outcome: stored(SINGLE) }, [ACK]],
    [{ settle: 2, outcome: stored(SINGLE) }, []],
  ),
  server(
    'a message sent twice is acknowledged twice',
    [{ wire: message(FIVE) }, [route(2, COMMAND)]],
    [{ wire: message(FIVE) }, [route(3, COMMAND)]],
    [{ settle: 2, outcome: stored(SINGLE) }, [ACK]],
    [{ settle: 3, outcome: stored(SINGLE, true) }, [ACK]],
  ),
  server('the five required fields are enough', [{ wire: message(FIVE) }, [route(2, COMMAND)]]),
  server('null in an optional field is an absent field', [
    { wire: message(`${FIVE},"contentType":null,"replyTo":null,"imageUrl":null`) },
    [route(2, COMMAND)],
  ]),
  server('chatType group names a group', [
    { wire: message(FIVE.replace('user_002', 'group_001').replace('single', 'group')) },
    [route(2, { ...COMMAND, target: { type: 'group', id: 'group_001' } })],
  ]),
  server('replyTo and imageUrl become a reference and an attachment', [
    {
      wire: message(
        `${FIVE},"contentType":"image","replyTo":"msg_uuid_000","imageUrl":"https://example.com/a.png"`,
      ),
    },
    [
      route(2, {
        ...COMMAND,
        contentType: 'image',
        replyTo: 'msg_uuid_000',
        attachment: { url: 'https://example.com/a.png' },
      }),
    ],
  ]),
  server(
    'an unknown content type passes, its spelling kept',
    [
      { wire: message(`${FIVE},"contentType":"Sticker/V2"`) },
      [
        route(2, {
          ...COMMAND,
          contentType: 'sticker/v2',
          extensions: { json: { contentType: 'Sticker/V2' } },
        }),
      ],
    ],
    [{ wire: message(`${FIVE},"contentType":"\u0130"`) }, [route(3, { ...COMMAND, contentType: '\u0130' })]],
  ),
  server(
    'each refusal of a message is one error with its id, without detail',
    ...REFUSALS.flatMap((code, index): ConversationVector['steps'] => [
      [{ wire: message(FIVE) }, [route(index + 2, COMMAND)]],
      [
        { settle: index + 2, outcome: failed(new GatewayError(code, { detail: 'more' })) },
        [errorSent(code, 'msg_uuid_001')],
      ],
    ]),
  ),
  server(
    'a fatal refusal of a message is told before the close',
    [{ wire: message(FIVE) }, [route(2, COMMAND)]],
    [
      { settle: 2, outcome: failed(new GatewayError('internal')) },
      [errorSent('internal', 'msg_uuid_001'), closed('internal', '服务器内部错误')],
    ],
  ),
  server(
    'a fault without a message is an error without messageId',
    ...FAULTS.map((code): ConversationVector['steps'][number] => [
      { fail: new GatewayError(code, { detail: 'more' }) },
      [errorSent(code)],
    ]),
  ),
  server('a fault with a salvaged id is an error with messageId', [
    { fail: new GatewayError('field_missing', { messageId: 'm7' }) },
    [errorSent('field_missing', 'm7')],
  ]),
  server(
    'a fault that ends the connection is told before the close',
    [
      { fail: new GatewayError('data_unsupported') },
      [errorSent('data_unsupported'), closed('unsupported_data', '不支持的数据类型')],
    ],
    [
      { fail: new GatewayError('frame_too_large') },
      [errorSent('frame_too_large'), closed('too_large', '消息帧过大')],
    ],
    [
      { fail: new GatewayError('slow_consumer') },
      [errorSent('slow_consumer'), closed('slow_consumer', '连接接收过慢')],
    ],
  ),
  server(
    'read names a user first, and a group if there is no such user',
    [
      { wire: '{"type":"read","data":{"chatId":"user_002"}}' },
      [route(2, { type: 'mark_read', target: { type: 'user', id: 'user_002' } })],
    ],
    [{ settle: 2, outcome: DONE }, []],
    [
      { wire: '{"type":"read","data":{"chatId":"group_001"}}' },
      [route(3, { type: 'mark_read', target: { type: 'user', id: 'group_001' } })],
    ],
    [
      { settle: 3, outcome: failed(new GatewayError('recipient_unknown')) },
      [route(4, { type: 'mark_read', target: { type: 'group', id: 'group_001' } })],
    ],
    [{ settle: 4, outcome: DONE }, []],
  ),
  server(
    'read of a chat that does not exist is an error without messageId',
    [
      { wire: '{"type":"read","data":{"chatId":"nobody"}}' },
      [route(2, { type: 'mark_read', target: { type: 'user', id: 'nobody' } })],
    ],
    [
      { settle: 2, outcome: failed(new GatewayError('recipient_unknown')) },
      [route(3, { type: 'mark_read', target: { type: 'group', id: 'nobody' } })],
    ],
    [{ settle: 3, outcome: failed(new GatewayError('group_unknown')) }, [errorSent('group_unknown')]],
  ),
  server(
    'JSON is answered with JSON, the bare form with the bare form',
    [{ wire: '{ "type": "ping" }' }, [send({ type: 'pong' })]],
    [{ wire: 'ping' }, [send({ type: 'bare_pong' })]],
  ),
  {
    name: 'user ids are mapped and group ids are not',
    face: 'server',
    connection: { identity: PREFIXED },
    steps: [
      ...LOGIN.slice(0, 1),
      [
        { settle: 1, outcome: authenticated({ ...MING, id: 'im-user_001' }) },
        [send({ type: 'auth_success', data: { userId: 'user_001' } }), READY],
      ],
      [
        { wire: message(FIVE) },
        [route(2, { ...COMMAND, target: { type: 'user', id: 'im-user_002' }, claimedSender: 'im-user_001' })],
      ],
      [
        { wire: message(FIVE.replace('user_002', 'group_001').replace('single', 'group')) },
        [route(3, { ...COMMAND, target: { type: 'group', id: 'group_001' }, claimedSender: 'im-user_001' })],
      ],
      [
        { wire: '{"type":"read","data":{"chatId":"group_001"}}' },
        [route(4, { type: 'mark_read', target: { type: 'group', id: 'group_001' } })],
      ],
      [
        { wire: message(FIVE.replace('user_002', 'group_001')) },
        [errorSent('recipient_unknown', 'msg_uuid_001')],
      ],
      [
        { wire: message(FIVE.replace('user_001', 'group_001')) },
        [errorSent('sender_mismatch', 'msg_uuid_001')],
      ],
    ],
  },
];
