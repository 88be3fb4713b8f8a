/**
 * What each frame and each field of this dialect means: see PROTOCOL.md. The numbers are the defaults of the
 * options `msgTypes` and `chatDataType`.
 */
import { cutObjects } from '../../core/frame-texts.ts';
import { parseJsonObject } from '../../core/json-wire.ts';
import {
  type Condition,
  type DialectReference,
  type FieldNote,
  type FrameReference,
  frame,
  may,
  must,
  within,
} from '../../core/reference.ts';
import { REPLIES } from './reference-replies.ts';
import { DATA_TYPE_MEANINGS, MEMBER, MSG_TYPE_MEANINGS, stated } from './reference-support.ts';

const MSG_TYPE: FieldNote = must('msgType', 'The kind of frame, by its number in MsgTypeEnum.', {
  clause: stated('MsgTypeEnum 消息类型枚举'),
  values: MSG_TYPE_MEANINGS,
});

const DATA_TYPE: FieldNote = must('textData.dataType', 'What the data is, by its number in DataTypeEnum.', {
  clause: stated('DataTypeEnum 数据类型枚举(业务)'),
  values: DATA_TYPE_MEANINGS,
});

const droppedExtension = (clause: string): FieldNote =>
  may('extendFields', 'Spare fields; dropped on this frame.', { clause, anythingBelow: true });

const TEXT_MSG = stated('消息传输-model-TextMsg');

const from = (command: string | null): readonly FieldNote[] => [
  may('textData.data.from', 'Who sends it; without a login the first join says so, else it may be absent.', {
    ...(command !== null && { becomes: `${command}.claimedSender` }),
    clause: stated('消息传输-群聊(datatype=1)-JoinGroupChat'),
  }),
  ...within('textData.data.from', null, MEMBER),
];

const kind = (msgTypes: readonly number[], ...more: readonly Condition[]): readonly Condition[] => [
  { path: 'msgType', is: msgTypes },
  ...more,
];
const dataType = (number: number): Condition => ({ path: 'textData.dataType', is: [number] });

/** Frames of which nothing but the number is read. */
const numberOnly = (name: string, number: number, rest: Pick<FrameReference, 'meaning' | 'clause'>) =>
  frame({
    name,
    direction: 'client',
    when: kind([number]),
    ...rest,
    fields: [
      MSG_TYPE,
      may('textData', 'Not read: may be absent, null or anything.', { anythingBelow: true }),
      droppedExtension(TEXT_MSG),
    ],
  });

const REQUESTS: readonly FrameReference[] = [
  numberOnly('heartbeat', 1, {
    meaning: 'The client is alive; sent every 120 s, never answered.',
    clause: stated('传输示例-基础-心跳'),
  }),
  frame({
    name: 'join',
    direction: 'client',
    when: kind([2], dataType(1)),
    meaning: 'The client enters a room; answered with "Join successfully" or a refusal.',
    clause: stated('传输示例-群聊(datatype=1)-加入群聊'),
    fields: [
      MSG_TYPE,
      DATA_TYPE,
      ...from('join_group'),
      must('textData.data.roomNumber', 'The room.', {
        becomes: 'join_group.group',
        clause: stated('消息传输-群聊(datatype=1)-JoinGroupChat'),
      }),
      droppedExtension(TEXT_MSG),
    ],
  }),
  frame({
    name: 'leave',
    direction: 'client',
    when: kind([2, 3], dataType(2)),
    meaning: 'The client leaves a room; answered with "Leave successfully" or a refusal.',
    clause: 'D: the source shows the reply only (响应示例-群聊(datatype=2)-离开群聊)',
    fields: [
      MSG_TYPE,
      DATA_TYPE,
      ...from('leave_group'),
      must('textData.data.roomNumber', 'The room.', { becomes: 'leave_group.group' }),
      droppedExtension(TEXT_MSG),
    ],
  }),
  frame({
    name: 'chat',
    direction: 'client',
    when: kind([3], dataType(3)),
    meaning: 'A chat message to a joined room; the echo to the sender says that it is stored.',
    clause: 'D: the source names chat messages (MsgTypeEnum 3) and defines no body',
    fields: [
      MSG_TYPE,
      DATA_TYPE,
      may('textData.data.id', "The client's own id: sent again with the same content it is stored once.", {
        becomes: 'send_message.clientId',
      }),
      ...from('send_message'),
      must('textData.data.roomNumber', 'The room.', { becomes: 'send_message.target.id' }),
      must('textData.data.content', 'The text, at most 10,000 code points; white space counts as text.', {
        becomes: 'send_message.content',
      }),
      may(
        'textData.data.contentType',
        'What the content is: text if it is absent; passed through unchanged.',
        {
          becomes: 'send_message.contentType',
        },
      ),
      may('textData.data.createTime', "Ignored: the gateway's clock is the only one."),
      may('extendFields', 'Spare fields; kept and given back to clients of this dialect.', {
        becomes: 'send_message.extensions',
        clause: TEXT_MSG,
        anythingBelow: true,
      }),
    ],
  }),
  frame({
    name: 'skeleton',
    direction: 'client',
    when: kind([3], dataType(1)),
    meaning: 'A chat message with the number of a join, which is neither: refused.',
    clause: stated('传输示例-基础-骨架'),
    fields: [
      MSG_TYPE,
      DATA_TYPE,
      may('textData.data', 'Not read.', { anythingBelow: true }),
      droppedExtension(TEXT_MSG),
    ],
  }),
  numberOnly('receipt', 4, {
    meaning: 'A client has a message; "not used yet", so it is refused.',
    clause: stated('MsgTypeEnum 消息类型枚举, 4'),
  }),
  numberOnly('friends', 5, {
    meaning: 'The client asks for its friends; "not used yet", so it is refused.',
    clause: stated('MsgTypeEnum 消息类型枚举, 5'),
  }),
];

export const reference: DialectReference = {
  source: 'Websocket 平台消息传输规范, 2020-08-20',
  toldBy: ['msgType', 'textData.dataType', 'status', 'resultBody.textData.dataType'],
  frames: [...REQUESTS, ...REPLIES],
  cut: cutObjects,
  read: parseJsonObject,
};
