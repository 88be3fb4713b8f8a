/** The form `ourchat_2`: its wire, and the conversations in which it differs. */
import type {
  AcceptVector,
  ConversationVector,
  DialectVectors,
  RejectVector,
} from '../../core/dialect-vectors.ts';
import {
  AT,
  alice,
  bareChatFrame,
  bob,
  charlie,
  chatFrame,
  connection,
  errorFrame,
  failed,
  identity,
  listed,
  lobby,
  loggedIn,
  login,
  message,
  messageEvent,
  ok,
  presence,
  READY,
  route,
  send,
  settled,
  userList,
} from './vectors-support.ts';

/** What the author's client sends, to everybody and to one. */
const FROM_CLIENT =
  '{"type":"chat","senderId":1,"senderNickname":"Alice","receiverId":null,"content":"Hello, all!","time":"2025-12-14T02:30:00.000Z"}';
const FROM_CLIENT_PRIVATE = FROM_CLIENT.replace('null', '2');
const GROUP = `{"type":"chat","senderId":1,"senderNickname":"Alice","receiverId":null,"content":"Hello, all!","time":${AT}}`;
const PRIVATE = GROUP.replace('null', '2');
const ONLINE = `{"type":"system","userId":2,"nickname":"Bob","status":"ONLINE","time":${AT}}`;
const LIST = `{"type":"system","userId":2,"nickname":"Bob","status":"ONLINE","time":${AT},"onlineUsers":[{"userId":2,"nickname":"Bob","online":true}],"offlineUsers":[{"userId":3,"nickname":"Charlie","online":false}]}`;
const REQUEST = '{"type":"requestUserList"}';
const ERROR = '{"type":"error","code":1001,"message":"用户不存在或已离线"}';

const change = { userId: 2, nickname: 'Bob', online: true, at: AT };
const list = {
  type: 'user_list',
  online: [listed(2, 'Bob')],
  offline: [listed(3, 'Charlie')],
  change,
};

const accept: readonly AcceptVector[] = [
  {
    name: "the author's client to everybody",
    face: 'server',
    wire: [FROM_CLIENT],
    frames: [chatFrame({ at: null })],
  },
  {
    name: "the author's client to one",
    face: 'server',
    wire: [FROM_CLIENT_PRIVATE],
    frames: [chatFrame({ toUserId: 2, at: null })],
  },
  {
    name: 'the first frame',
    face: 'server',
    wire: [REQUEST],
    frames: [{ type: 'request_user_list' }],
    encodes: [REQUEST],
  },
  {
    name: 'an error report from a client, broken or not',
    face: 'server',
    wire: [ERROR, '{"type":"error"}'],
    frames: [
      { type: 'error', code: 1001, message: '用户不存在或已离线' },
      { type: 'error', code: 0, message: '' },
    ],
  },
  { name: 'group chat', face: 'client', wire: [GROUP], frames: [chatFrame()], encodes: [GROUP] },
  {
    name: 'private chat',
    face: 'client',
    wire: [PRIVATE],
    frames: [chatFrame({ toUserId: 2 })],
    encodes: [PRIVATE],
  },
  {
    name: "private chat of the author's server, which names no type and writes its time in words",
    face: 'client',
    wire: [
      '{"senderId":1,"senderNickname":"Alice","content":"Hello, all!","receiverId":2,"sendTime":"Dec 14, 2025, 10:30:00 AM"}',
    ],
    frames: [chatFrame({ toUserId: 2, at: null })],
  },
  {
    name: 'an ISO time',
    face: 'client',
    wire: [FROM_CLIENT],
    frames: [chatFrame()],
    encodes: [GROUP],
  },
  {
    name: 'a change of presence without lists',
    face: 'client',
    wire: [ONLINE, ONLINE.replace('ONLINE', 'OFFLINE')],
    frames: [
      { type: 'system', ...change },
      { type: 'system', ...change, online: false },
    ],
    encodes: [ONLINE, ONLINE.replace('ONLINE', 'OFFLINE')],
  },
  { name: 'a list, in a system frame', face: 'client', wire: [LIST], frames: [list], encodes: [LIST] },
  {
    name: 'an error',
    face: 'client',
    wire: [ERROR],
    frames: [{ type: 'error', code: 1001, message: '用户不存在或已离线' }],
    encodes: [ERROR],
  },
];

const refuse = (
  name: string,
  face: RejectVector['face'],
  code: RejectVector['code'],
  wire: string,
): RejectVector => ({ name, face, wire: [wire], code });

const reject: readonly RejectVector[] = [
  refuse('the other form', 'server', 'frame_unknown', '{"type":"CHAT","fromUserId":1}'),
  refuse('a system frame from a client', 'server', 'frame_unknown', ONLINE),
  refuse('chat without a type from a client', 'server', 'frame_unknown', '{"senderId":1,"content":"x"}'),
  refuse('no sender', 'server', 'field_missing', '{"type":"chat","content":"x"}'),
  refuse('no content', 'server', 'field_missing', '{"type":"chat","senderId":1}'),
  refuse('empty content', 'server', 'field_missing', '{"type":"chat","senderId":1,"content":""}'),
  refuse(
    "chat of the author's first client, whose recipient has another name: it must not go to everybody",
    'server',
    'frame_malformed',
    '{"type":"chat","senderId":"1","senderNickname":"Alice","targetUserId":"2","content":"x"}',
  ),
  refuse('a recipient in a string', 'server', 'frame_malformed', FROM_CLIENT.replace('null', '"2"')),
  refuse(
    'a recipient over 2^53-1',
    'server',
    'frame_malformed',
    FROM_CLIENT.replace('null', '9007199254740992'),
  ),
  refuse('a recipient with a fraction', 'server', 'frame_malformed', FROM_CLIENT.replace('null', '2.5')),
  refuse('text that is not JSON', 'server', 'frame_malformed', 'requestUserList'),
  refuse('a frame of no kind from a server', 'client', 'frame_unknown', '{"messageId":1}'),
  refuse(
    'chat of a server with a type that is no text',
    'client',
    'frame_unknown',
    '{"type":-1,"senderId":1,"content":"x"}',
  ),
  refuse('a system frame without a user', 'client', 'field_missing', '{"type":"system","status":"ONLINE"}'),
  refuse('an unknown status', 'client', 'frame_malformed', ONLINE.replace('ONLINE', 'AWAY')),
];

const endpoint = { options: { variant: 'ourchat_2' } };
const ask = { type: 'list_users', group: 'lobby' };

const conversations: readonly ConversationVector[] = [
  {
    name: 'ourchat_2: the list that the first frame asks for comes with the own arrival',
    face: 'server',
    endpoint,
    connection,
    steps: [
      [{ open: true }, [login]],
      [{ settle: 1, outcome: loggedIn(alice) }, [READY]],
      [{ wire: REQUEST }, [route(2, ask)]],
      [
        { settle: 2, outcome: ok({ type: 'users', group: lobby, online: [alice], offline: [bob] }) },
        [
          send({
            type: 'user_list',
            online: [listed(1, 'Alice')],
            offline: [listed(2, 'Bob')],
            change: { userId: 1, nickname: 'Alice', online: true, at: AT },
          }),
        ],
      ],
    ],
  },
  {
    name: 'ourchat_2: a list names the last change, so that the status line keeps it',
    face: 'server',
    endpoint,
    connection,
    steps: [
      [{ open: true }, [login]],
      [{ settle: 1, outcome: loggedIn(alice) }, [READY]],
      [{ deliver: presence(bob, true) }, [send({ type: 'system', ...change })]],
      [{ deliver: userList([bob], [charlie]) }, [send(list)]],
    ],
  },
  {
    name: 'ourchat_2: a request is refused with an error, as chat is',
    face: 'server',
    endpoint,
    connection,
    steps: [
      [{ open: true }, [login]],
      [{ settle: 1, outcome: loggedIn(alice) }, [READY]],
      [{ wire: REQUEST }, [route(2, ask)]],
      [{ settle: 2, outcome: failed('forbidden') }, [send(errorFrame('forbidden'))]],
    ],
  },
  {
    name: 'ourchat_2: where nobody checks, the request before the first chat waits for the list that comes by itself',
    face: 'server',
    endpoint: { ...endpoint, authentication: 'none' },
    connection: { identity },
    steps: [
      [{ open: true }, []],
      [{ wire: REQUEST }, []],
      [
        { wire: FROM_CLIENT },
        [
          route(1, {
            type: 'authenticate',
            credentials: [{ kind: 'claim', user: { id: 'alice', name: 'Alice' } }],
          }),
        ],
      ],
    ],
  },
  {
    name: 'ourchat_2: chat goes and comes',
    face: 'server',
    endpoint,
    connection,
    steps: [
      [{ open: true }, [login]],
      [{ settle: 1, outcome: loggedIn(alice) }, [READY]],
      [
        { wire: FROM_CLIENT_PRIVATE },
        [
          route(2, {
            type: 'send_message',
            content: 'Hello, all!',
            contentType: 'text',
            claimedSender: 'alice',
            target: { type: 'user', id: 'bob' },
          }),
        ],
      ],
      [{ deliver: messageEvent(message(), 'c-1') }, [send(chatFrame())]],
    ],
  },
  {
    name: 'ourchat_2: our client asks for the list first, and again for list_users',
    face: 'client',
    endpoint,
    connection,
    steps: [
      [{ open: true }, [send({ type: 'request_user_list' }), READY]],
      [{ wire: LIST }, [route(1, presence(bob, true)), route(2, userList([bob], [charlie]))]],
      [{ deliver: ask, ref: 1 }, [send({ type: 'request_user_list' })]],
      [
        { wire: LIST },
        [
          route(3, userList([bob], [charlie])),
          settled(1, ok({ type: 'users', group: lobby, online: [bob], offline: [charlie] })),
        ],
      ],
      [{ deliver: ask, ref: 2 }, [send({ type: 'request_user_list' })]],
      [{ wire: ERROR }, [settled(2, failed('recipient_unknown'))]],
    ],
  },
  {
    name: "ourchat_2: our client's chat names its sender, because the author's server passes the name on",
    face: 'client',
    endpoint,
    connection,
    steps: [
      [{ open: true }, [send({ type: 'request_user_list' }), READY]],
      [
        {
          deliver: {
            type: 'send_message',
            target: { type: 'group', id: 'lobby' },
            content: 'Hello, all!',
            contentType: 'text',
            claimedSender: 'alice',
          },
          ref: 1,
        },
        [send(bareChatFrame())],
      ],
    ],
  },
];

const onEndpoint = <Vector extends AcceptVector | RejectVector>(vector: Vector): Vector => ({
  ...vector,
  name: `ourchat_2: ${vector.name}`,
  endpoint,
});

export const ourchat2Vectors: DialectVectors = {
  accept: accept.map(onEndpoint),
  reject: reject.map(onEndpoint),
  conversations,
};
