/** What servers send, field by field. */
import {
  type Condition,
  type FieldNote,
  type FrameReference,
  frame,
  may,
  must,
  within,
} from '../../core/reference.ts';
import { DATA_TYPE_MEANINGS, MEMBER, MSG_TYPE_MEANINGS, stated } from './reference-support.ts';

const SKELETON = stated('响应示例-基础-骨架');
const MODEL = stated('消息传输-model-Room');
const DATA = 'resultBody.textData.data';

/** What is around the data of each reply that says yes. */
const ENVELOPE: readonly FieldNote[] = [
  must('status', 'Whether the request was accepted.', {
    clause: SKELETON,
    values: { 0: 'refused', 1: 'accepted' },
  }),
  may('msg', 'What happened, in words.', { clause: SKELETON }),
  must('resultBody.msgType', 'Always the number of a chat message, even in the reply to a join.', {
    clause: SKELETON,
    values: MSG_TYPE_MEANINGS,
  }),
  must('resultBody.textData.dataType', 'What the data is, by its number in DataTypeEnum.', {
    clause: stated('DataTypeEnum 数据类型枚举(业务)'),
    values: DATA_TYPE_MEANINGS,
  }),
];

const accepted = (dataType: number): readonly Condition[] => [
  { path: 'status', is: [1] },
  { path: 'resultBody.msgType', is: [2, 3] },
  { path: 'resultBody.textData.dataType', is: [dataType] },
];

const person = (path: string, meaning: string, becomes: string | null): readonly FieldNote[] => [
  may(`${DATA}.${path}`, meaning, { clause: MODEL, ...(becomes !== null && { becomes }) }),
  ...within(`${DATA}.${path}`, becomes, MEMBER),
];

/** The room, as an event tells of it. */
const room = (event: string): readonly FieldNote[] => [
  ...within(DATA, `${event}.group`, [
    may('number', "The room's number.", { becomes: 'id', clause: MODEL }),
    may('name', "The room's name.", { becomes: 'name', clause: MODEL }),
    may('desc', 'Its description.', { becomes: 'description', clause: MODEL }),
    may('createTime', 'When it was made, epoch ms.', { becomes: 'createdAt', clause: MODEL }),
  ]),
  ...person('owner', 'Who owns the room.', `${event}.group.owner`),
  may(
    `${DATA}.members`,
    'Everybody present, each once; only to the one who joined, null or absent for the others.',
    {
      becomes: 'joined.attending',
      clause: stated('响应示例-群聊(datatype=1)-加入群聊, 注'),
    },
  ),
  ...within(`${DATA}.members[]`, null, MEMBER),
  may('resultBody.extendFields', 'Spare fields; not used here.', {
    clause: stated('消息传输-model-TextMsg'),
    anythingBelow: true,
  }),
];

export const REPLIES: readonly FrameReference[] = [
  frame({
    name: 'Join successfully',
    direction: 'server',
    when: accepted(1),
    meaning: 'Somebody has come into the room: to the one who joined the answer, to the others the news.',
    clause: stated('响应示例-群聊(datatype=1)-加入群聊'),
    fields: [
      ...ENVELOPE,
      ...room('member_joined'),
      ...person('newJoinMember', 'Who has come.', 'member_joined.user'),
      ...person('newLeaveMember', 'Not used here.', null),
    ],
  }),
  frame({
    name: 'Leave successfully',
    direction: 'server',
    when: accepted(2),
    meaning: 'Somebody has left the room; to the one who left it is the answer.',
    clause: stated('响应示例-群聊(datatype=2)-离开群聊'),
    fields: [
      ...ENVELOPE,
      ...room('member_left'),
      ...person('newLeaveMember', 'Who has left.', 'member_left.user'),
      ...person('newJoinMember', 'Not used here.', null),
    ],
  }),
  frame({
    name: 'Message',
    direction: 'server',
    when: accepted(3),
    meaning: 'A chat message in the room; to its sender it says that the message is stored.',
    clause: 'D: the source names chat messages (MsgTypeEnum 3) and defines no body',
    fields: [
      ...ENVELOPE,
      may(`${DATA}.id`, "The author's own id of the message, else the gateway's.", {
        becomes: 'message.message.id',
      }),
      ...person('from', 'The author.', 'message.message.from'),
      must(`${DATA}.roomNumber`, 'The room.', { becomes: 'message.message.to.id' }),
      must(`${DATA}.content`, 'The text.', { becomes: 'message.message.content' }),
      may(`${DATA}.contentType`, 'What the content is.', { becomes: 'message.message.contentType' }),
      may(`${DATA}.createTime`, 'When the gateway took the message, epoch ms.', {
        becomes: 'message.message.sentAt',
      }),
      may('resultBody.extendFields', "The author's spare fields.", {
        becomes: 'message.message.extensions',
        clause: stated('消息传输-model-TextMsg'),
        anythingBelow: true,
      }),
    ],
  }),
  frame({
    name: 'refusal',
    direction: 'server',
    when: [{ path: 'status', is: [0] }],
    meaning: 'A request is refused, or the connection is about to end; it does not say which request.',
    clause: stated('响应示例-连接被拒绝-重复加入房间'),
    fields: [
      must('status', 'Whether the request was accepted.', { values: { 0: 'refused', 1: 'accepted' } }),
      may('msg', 'The reason, for people.', { becomes: 'error.message' }),
      may('resultBody', 'Always the empty text.', { anythingBelow: true }),
    ],
  }),
];
