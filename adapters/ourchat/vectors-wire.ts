/** What the form `ourchat` accepts and refuses on the wire. */
import type { AcceptVector, RejectVector } from '../../core/dialect-vectors.ts';
import { AT, bareChatFrame, chatFrame, chatWire, listed, privateWire } from './vectors-support.ts';

const SERVER_PRIVATE =
  '{"type":"CHAT","fromUserId":1,"fromNickname":"Alice","toUserId":2,"toNickname":"Bob","content":"Hello, Bob!","messageType":"PRIVATE","createTime":"2025-12-14T10:30:00"}';
const SERVER_GROUP =
  '{"type":"CHAT","fromUserId":1,"fromNickname":"Alice","toUserId":null,"toNickname":null,"content":"Hello, all!","messageType":"GROUP","createTime":"2025-12-14T10:30:00"}';
const ONLINE =
  '{"type":"SYSTEM","userId":2,"nickname":"Bob","action":"ONLINE","createTime":"2025-12-14T10:31:00"}';
const USER_LIST =
  '{"type":"USER_LIST","onlineUsers":[{"userId":1,"nickname":"Alice"},{"userId":3,"nickname":"Charlie"}],"offlineUsers":[{"userId":2,"nickname":"Bob"}],"onlineCount":2}';
const ERROR = '{"type":"ERROR","code":1001,"message":"用户不存在或已离线"}';

const system = {
  type: 'system',
  userId: 2,
  nickname: 'Bob',
  online: true,
  at: AT + 60_000,
};
const bobChat = { toUserId: 2, content: 'Hello, Bob!' };

/** A server's group chat at a time that is written in another way. */
const timed = (name: string, createTime: unknown, at: number | null): AcceptVector => ({
  name,
  face: 'client',
  wire: [chatWire({ createTime })],
  frames: [bareChatFrame({ at })],
});

export const accept: readonly AcceptVector[] = [
  {
    name: 'private chat from a client: its own time is not read',
    face: 'server',
    wire: [SERVER_PRIVATE],
    frames: [chatFrame({ ...bobChat, toNickname: 'Bob', at: null })],
  },
  {
    name: 'private chat with the required fields and the recipient',
    face: 'server',
    wire: [privateWire()],
    frames: [bareChatFrame(bobChat)],
  },
  {
    name: 'group chat from a client',
    face: 'server',
    wire: [SERVER_GROUP],
    frames: [chatFrame({ at: null })],
  },
  {
    name: 'group chat with the required fields only',
    face: 'server',
    wire: [chatWire()],
    frames: [bareChatFrame()],
    encodes: [
      '{"type":"CHAT","fromUserId":1,"toUserId":null,"toNickname":null,"content":"Hello, all!","messageType":"GROUP"}',
    ],
  },
  {
    name: 'content of white space, which is content',
    face: 'server',
    wire: [chatWire({ content: ' \n' })],
    frames: [bareChatFrame({ content: ' \n' })],
  },
  {
    name: 'an integer written with a fraction of zero',
    face: 'server',
    wire: ['{"type":"CHAT","fromUserId":1.0,"content":"x","messageType":"GROUP"}'],
    frames: [bareChatFrame({ content: 'x' })],
  },
  {
    name: 'the largest id, 2^53-1',
    face: 'server',
    wire: [privateWire({ toUserId: Number.MAX_SAFE_INTEGER })],
    frames: [bareChatFrame({ ...bobChat, toUserId: Number.MAX_SAFE_INTEGER })],
  },
  {
    name: 'fields that the dialect does not know, a prototype among them',
    face: 'server',
    wire: [
      '{"__proto__":{"content":"no"},"constructor":1,"type":"CHAT","fromUserId":1,"content":"x","messageType":"GROUP"}',
    ],
    frames: [bareChatFrame({ content: 'x' })],
  },
  {
    name: 'a createTime of no form at all from a client',
    face: 'server',
    wire: [chatWire({ createTime: { year: 2025 } })],
    frames: [bareChatFrame()],
  },
  {
    name: 'an error report from a client',
    face: 'server',
    wire: [ERROR],
    frames: [{ type: 'error', code: 1001, message: '用户不存在或已离线' }],
    encodes: [ERROR],
  },
  {
    name: 'a broken error report from a client, because nobody answers it',
    face: 'server',
    wire: ['{"type":"ERROR","code":"E1"}'],
    frames: [{ type: 'error', code: 0, message: '' }],
  },
  {
    name: 'private chat from a server',
    face: 'client',
    wire: [SERVER_PRIVATE],
    frames: [chatFrame({ ...bobChat, toNickname: 'Bob' })],
    encodes: [SERVER_PRIVATE],
  },
  {
    name: 'group chat from a server',
    face: 'client',
    wire: [SERVER_GROUP],
    frames: [chatFrame()],
    encodes: [SERVER_GROUP],
  },
  {
    name: 'chat without content from a server, which some other dialect may have brought in',
    face: 'client',
    wire: [chatWire({ content: '' })],
    frames: [bareChatFrame({ content: '' })],
  },
  {
    name: 'SYSTEM ONLINE',
    face: 'client',
    wire: [ONLINE],
    frames: [system],
    encodes: [ONLINE],
  },
  {
    name: 'SYSTEM OFFLINE',
    face: 'client',
    wire: [ONLINE.replace('ONLINE', 'OFFLINE')],
    frames: [{ ...system, online: false }],
    encodes: [ONLINE.replace('ONLINE', 'OFFLINE')],
  },
  {
    name: 'SYSTEM with the required fields only',
    face: 'client',
    wire: ['{"type":"SYSTEM","userId":2,"action":"ONLINE"}'],
    frames: [{ ...system, nickname: null, at: null }],
    encodes: ['{"type":"SYSTEM","userId":2,"action":"ONLINE"}'],
  },
  {
    name: 'USER_LIST',
    face: 'client',
    wire: [USER_LIST],
    frames: [
      {
        type: 'user_list',
        online: [listed(1, 'Alice'), listed(3, 'Charlie')],
        offline: [listed(2, 'Bob')],
        change: null,
      },
    ],
    encodes: [USER_LIST],
  },
  {
    name: 'USER_LIST without onlineCount and nicknames',
    face: 'client',
    wire: ['{"type":"USER_LIST","onlineUsers":[{"userId":1}],"offlineUsers":[]}'],
    frames: [{ type: 'user_list', online: [{ userId: 1, nickname: null }], offline: [], change: null }],
    encodes: ['{"type":"USER_LIST","onlineUsers":[{"userId":1}],"offlineUsers":[],"onlineCount":1}'],
  },
  {
    name: 'USER_LIST of nobody',
    face: 'client',
    wire: ['{"type":"USER_LIST","onlineUsers":[],"offlineUsers":[],"onlineCount":0}'],
    frames: [{ type: 'user_list', online: [], offline: [], change: null }],
    encodes: ['{"type":"USER_LIST","onlineUsers":[],"offlineUsers":[],"onlineCount":0}'],
  },
  {
    name: 'ERROR from a server',
    face: 'client',
    wire: [ERROR],
    frames: [{ type: 'error', code: 1001, message: '用户不存在或已离线' }],
    encodes: [ERROR],
  },
  timed('a time without its zero seconds, as Java writes it', '2025-12-14T10:30', AT),
  timed('a time with a fraction', '2025-12-14T10:30:00.123456789', AT + 123),
  timed('a time with a zone, which is believed', '2025-12-14T02:30:00Z', AT),
  timed('a time with an offset', '2025-12-13T22:30:00-04:00', AT),
  timed('a time that is none', 'yesterday', null),
  timed('a time that is a number, which this form has not', AT, null),
];

const refuse = (name: string, code: RejectVector['code'], ...wire: RejectVector['wire']): RejectVector => ({
  name,
  face: 'server',
  wire,
  code,
});
const refuseFromServer = (name: string, code: RejectVector['code'], wire: string): RejectVector => ({
  name,
  face: 'client',
  wire: [wire],
  code,
});

export const reject: readonly RejectVector[] = [
  refuse('a binary message', 'data_unsupported', new TextEncoder().encode(chatWire())),
  refuse('an empty message', 'frame_malformed', ''),
  refuse('text that is not JSON', 'frame_malformed', '{"type":"CHAT"'),
  refuse('JSON that is no object', 'frame_malformed', '[1]'),
  refuse('null', 'frame_malformed', 'null'),
  refuse('a lone surrogate', 'frame_malformed', chatWire({ content: '?' }).replace('?', '\\ud83d')),
  refuse(
    'nesting without end',
    'frame_malformed',
    `{"type":"CHAT","x":${'['.repeat(100)}${']'.repeat(100)}}`,
  ),
  refuse('a frame without a type', 'frame_unknown', '{"fromUserId":1,"content":"x","messageType":"GROUP"}'),
  refuse('a type that is no string', 'frame_unknown', chatWire({ type: 7 })),
  refuse('an unknown type', 'frame_unknown', chatWire({ type: 'TYPING' })),
  refuse('the name of a property of every object', 'frame_unknown', chatWire({ type: 'constructor' })),
  refuse('the other form', 'frame_unknown', '{"type":"chat","senderId":1,"receiverId":null,"content":"x"}'),
  refuse("the other form's request for a list", 'frame_unknown', '{"type":"requestUserList"}'),
  refuse('SYSTEM from a client', 'frame_unknown', '{"type":"SYSTEM","userId":2,"action":"ONLINE"}'),
  refuse(
    'USER_LIST from a client',
    'frame_unknown',
    '{"type":"USER_LIST","onlineUsers":[],"offlineUsers":[]}',
  ),
  refuse('no fromUserId', 'field_missing', chatWire({ fromUserId: undefined })),
  refuse('no content', 'field_missing', chatWire({ content: undefined })),
  refuse('empty content', 'field_missing', chatWire({ content: '' })),
  refuse('content that is no string', 'frame_malformed', chatWire({ content: 5 })),
  refuse('no messageType', 'field_missing', chatWire({ messageType: undefined })),
  refuse('an unknown messageType', 'frame_malformed', chatWire({ messageType: 'SECRET' })),
  refuse('PRIVATE without toUserId', 'field_missing', chatWire({ messageType: 'PRIVATE' })),
  refuse('PRIVATE to null', 'field_missing', privateWire({ toUserId: null })),
  refuse('GROUP with a toUserId', 'frame_malformed', chatWire({ toUserId: 2 })),
  refuse(
    'an id over 2^53-1',
    'frame_malformed',
    privateWire().replace('"toUserId":2', '"toUserId":9007199254740993'),
  ),
  refuse('an id with a fraction', 'frame_malformed', chatWire({ fromUserId: 1.5 })),
  refuse('an id in a string', 'frame_malformed', chatWire({ fromUserId: '1' })),
  refuse('an id beyond any number', 'frame_malformed', chatWire().replace(':1,', ':1e999,')),
  refuseFromServer('an unknown type from a server', 'frame_unknown', '{"type":"PING"}'),
  refuseFromServer('SYSTEM without an action', 'field_missing', '{"type":"SYSTEM","userId":2}'),
  refuseFromServer(
    'SYSTEM with an unknown action',
    'frame_malformed',
    '{"type":"SYSTEM","userId":2,"action":"AWAY"}',
  ),
  refuseFromServer('USER_LIST with one side', 'field_missing', '{"type":"USER_LIST","onlineUsers":[]}'),
  refuseFromServer(
    'a listed user without an id',
    'field_missing',
    '{"type":"USER_LIST","onlineUsers":[{}],"offlineUsers":[]}',
  ),
  refuseFromServer('ERROR without a code', 'field_missing', '{"type":"ERROR","message":"x"}'),
  refuseFromServer('PRIVATE for nobody from a server', 'field_missing', chatWire({ messageType: 'PRIVATE' })),
];
