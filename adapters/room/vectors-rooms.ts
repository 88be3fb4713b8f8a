/** The server's side: joining, leaving and talking. */
import type { ConversationVector } from '../../core/dialect-vectors.ts';
import { lost, route, send } from '../../core/session-kit.ts';
import {
  BOB,
  BOB_USER,
  chat,
  failed,
  GROUP,
  HEARTBEAT,
  join,
  leave,
  MESSAGE,
  MESSAGE_FRAME,
  NOBODY_USER,
  ONLY_KNOWN,
  ok,
  ROOM,
  refused,
  SAN,
  SAN_USER,
} from './vector-samples.ts';
import { LOGGED_IN, TOKEN } from './vectors-login.ts';

type Steps = ConversationVector['steps'];

const ROUTED_JOIN = { type: 'join_group', group: 'E00001', exclusive: true, claimedSender: 'jk2' };
const ROUTED_LEAVE = { type: 'leave_group', group: 'E00001', claimedSender: 'jk2' };
const ROUTED_CHAT = {
  type: 'send_message',
  target: { type: 'group', id: 'E00001' },
  content: '大家好',
  contentType: 'text',
  clientId: 'm-1',
  claimedSender: 'jk2',
};
const joinedTo = (group: object) =>
  ok({ type: 'joined', group, user: SAN_USER, attending: [SAN_USER, BOB_USER] });
const LEFT = ok({ type: 'left', group: GROUP, user: SAN_USER });
const SELF_LEFT = send({ type: 'left', room: { ...ROOM, newLeaveMember: SAN } });

/** Logged in, and in the room E00001. */
export const JOINED: Steps = [
  ...LOGGED_IN,
  [{ wire: join() }, [route(2, ROUTED_JOIN)]],
  [
    { settle: 2, outcome: joinedTo(GROUP) },
    [send({ type: 'joined', room: { ...ROOM, members: [SAN, BOB], newJoinMember: SAN } })],
  ],
];

const conversation = (
  name: string,
  steps: Steps,
  more: Partial<ConversationVector> = {},
): ConversationVector => ({ name, face: 'server', connection: TOKEN, steps, ...more });

export const conversations: readonly ConversationVector[] = [
  conversation('the joiner gets the room and everybody in it', JOINED),
  conversation('a join may name no sender', [
    ...LOGGED_IN,
    [
      { wire: '{"msgType":2,"textData":{"dataType":1,"data":{"roomNumber":"E00001"}}}' },
      [route(2, { type: 'join_group', group: 'E00001', exclusive: true })],
    ],
  ]),
  conversation('a room without an owner is told without one', [
    ...LOGGED_IN,
    [{ wire: join() }, [route(2, ROUTED_JOIN)]],
    [
      { settle: 2, outcome: joinedTo({ ...GROUP, owner: undefined }) },
      [
        send({
          type: 'joined',
          room: {
            number: 'E00001',
            name: '房间名称',
            desc: '房间描述',
            createTime: 1_597_368_648_105,
            members: [SAN, BOB],
            newJoinMember: SAN,
          },
        }),
      ],
    ],
  ]),
  conversation('a second join elsewhere is refused in the words of the source, and the connection stays', [
    ...LOGGED_IN,
    [{ wire: join() }, [route(2, ROUTED_JOIN)]],
    [
      { settle: 2, outcome: failed('already_joined') },
      [send({ type: 'refused', msg: '连接被拒,您已在其他页面或客户端加入该房间,请先将其退出!' })],
    ],
    [{ wire: join() }, [route(3, ROUTED_JOIN)]],
  ]),
  conversation('a second join on the same connection is refused and the first one stays', [
    ...JOINED,
    [{ wire: join() }, [refused('already_joined')]],
    [{ wire: chat() }, [route(3, ROUTED_CHAT)]],
  ]),
  conversation('a connection may be in several rooms', [
    ...JOINED,
    [{ wire: join(SAN, 'E00002') }, [route(3, { ...ROUTED_JOIN, group: 'E00002' })]],
    [
      { settle: 3, outcome: joinedTo({ ...GROUP, id: 'E00002' }) },
      [
        send({
          type: 'joined',
          room: { ...ROOM, number: 'E00002', members: [SAN, BOB], newJoinMember: SAN },
        }),
      ],
    ],
    [{ wire: chat() }, [route(4, ROUTED_CHAT)]],
    [
      { wire: chat({ roomNumber: 'E00002' }) },
      [route(5, { ...ROUTED_CHAT, target: { type: 'group', id: 'E00002' } })],
    ],
  ]),
  conversation('the leaver gets the same frame as the others', [
    ...JOINED,
    [{ wire: leave() }, [route(3, ROUTED_LEAVE)]],
    [{ settle: 3, outcome: LEFT }, [SELF_LEFT]],
    [{ wire: chat() }, [refused('not_joined')]],
    [{ wire: join() }, [route(4, ROUTED_JOIN)]],
  ]),
  conversation('a leave under the number of a join is one too', [
    ...JOINED,
    [{ wire: leave(SAN, 'E00001', 2) }, [route(3, ROUTED_LEAVE)]],
  ]),
  conversation('who is not in the room can neither leave it nor talk in it', [
    ...LOGGED_IN,
    [{ wire: leave() }, [refused('not_joined')]],
    [{ wire: chat() }, [refused('not_joined')]],
  ]),
  conversation('an attendance that the gateway has ended is forgotten', [
    ...JOINED,
    [{ wire: chat() }, [route(3, ROUTED_CHAT)]],
    [{ settle: 3, outcome: failed('not_joined') }, [refused('not_joined')]],
    [{ wire: join() }, [route(4, ROUTED_JOIN)]],
  ]),
  conversation("a chat's echo stands for the ack", [
    ...JOINED,
    [{ wire: chat() }, [route(3, ROUTED_CHAT)]],
    [{ settle: 3, outcome: ok({ type: 'stored', message: MESSAGE, duplicate: false }) }, []],
    [
      { deliver: { type: 'message', namespace: 'main', origin: 'c-1', message: MESSAGE } },
      [send(MESSAGE_FRAME)],
    ],
  ]),
  conversation('a chat that was stored before is echoed at once', [
    ...JOINED,
    [{ wire: chat() }, [route(3, ROUTED_CHAT)]],
    [
      { settle: 3, outcome: ok({ type: 'stored', message: MESSAGE, duplicate: true }) },
      [send(MESSAGE_FRAME)],
    ],
  ]),
  conversation('a chat is refused in the words of the error table', [
    ...JOINED,
    [{ wire: chat() }, [route(3, ROUTED_CHAT)]],
    [{ settle: 3, outcome: failed('muted') }, [refused('muted')]],
    [{ wire: chat() }, [route(4, ROUTED_CHAT)]],
    [
      { settle: 4, outcome: failed('internal') },
      [refused('internal'), { kind: 'close', reason: 'internal', text: '服务器内部错误' }],
    ],
  ]),
  conversation('a chat takes its type, its sender and its spare fields along', [
    ...JOINED,
    [
      { wire: chat({ contentType: 'image', from: BOB, id: undefined }, { a: 1 }) },
      [
        route(3, {
          type: 'send_message',
          target: { type: 'group', id: 'E00001' },
          content: '大家好',
          contentType: 'image',
          claimedSender: 'bob',
          extensions: { room: { extendFields: { a: 1 } } },
        }),
      ],
    ],
    [{ settle: 3, outcome: failed('sender_mismatch') }, [refused('sender_mismatch')]],
  ]),
  conversation(
    'a sender whom nobody knows is refused at once',
    [
      ...JOINED,
      [{ wire: chat({ from: { id: 'nobody' } }) }, [refused('sender_mismatch')]],
      [{ wire: leave({ id: 'nobody' }) }, [refused('sender_mismatch')]],
      [{ wire: join({ id: 'nobody' }, 'E00002') }, [refused('sender_mismatch')]],
    ],
    { connection: { ...TOKEN, identity: ONLY_KNOWN } },
  ),
  conversation(
    'members without an id on this wire are left out and counted',
    [
      ...LOGGED_IN,
      [{ wire: join() }, [route(2, ROUTED_JOIN)]],
      [
        {
          settle: 2,
          outcome: ok({
            type: 'joined',
            group: { ...GROUP, owner: NOBODY_USER },
            user: SAN_USER,
            attending: [SAN_USER, NOBODY_USER],
          }),
        },
        [
          send({
            type: 'joined',
            room: {
              number: 'E00001',
              name: '房间名称',
              desc: '房间描述',
              createTime: 1_597_368_648_105,
              members: [SAN],
              newJoinMember: SAN,
            },
          }),
          lost('joined', 'group.owner', 'attending'),
        ],
      ],
    ],
    { connection: { ...TOKEN, identity: ONLY_KNOWN } },
  ),
  conversation('the kinds that the source leaves unused are refused and the connection stays', [
    ...JOINED,
    [{ wire: '{"msgType":4,"textData":{"dataType":1,"data":{}}}' }, [refused('unsupported')]],
    [{ wire: '{"msgType":5,"textData":{"dataType":1,"data":{}}}' }, [refused('unsupported')]],
    [{ wire: '{"msgType":3,"textData":{"dataType":1,"data":{}}}' }, [refused('frame_unknown')]],
    [{ wire: HEARTBEAT }, []],
  ]),
  conversation(
    'another numbering of the family works by configuration',
    [
      ...LOGGED_IN,
      [{ wire: '{"msgType":4}' }, []],
      [{ wire: '{"msgType":3}' }, [refused('unsupported')]],
      [
        { wire: '{"msgType":1,"textData":{"dataType":1,"data":{"roomNumber":"E00001"}}}' },
        [route(2, { type: 'join_group', group: 'E00001', exclusive: true })],
      ],
      [
        { settle: 2, outcome: joinedTo(GROUP) },
        [send({ type: 'joined', room: { ...ROOM, members: [SAN, BOB], newJoinMember: SAN } })],
      ],
      [
        { wire: '{"msgType":2,"textData":{"dataType":7,"data":{"roomNumber":"E00001","content":"x"}}}' },
        [
          route(3, {
            type: 'send_message',
            target: { type: 'group', id: 'E00001' },
            content: 'x',
            contentType: 'text',
          }),
        ],
      ],
    ],
    {
      endpoint: {
        options: { msgTypes: { init: 1, chat: 2, receipt: 3, heartbeat: 4, friends: 5 }, chatDataType: 7 },
      },
    },
  ),
];
