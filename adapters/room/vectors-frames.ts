/** Single frames: what is read, what is written, and what is refused. */
import type { WireMessage } from '../../core/dialect.ts';
import type { AcceptVector, FaceName, RejectVector } from '../../core/dialect-vectors.ts';
import type { ErrorCode } from '../../core/errors.ts';
import {
  BOB,
  chat,
  HEARTBEAT,
  join,
  leave,
  MESSAGE_FRAME,
  ROOM,
  refusedWire,
  reply,
  SAN,
} from './vector-samples.ts';

const JOIN_FRAME = { type: 'join', from: SAN, roomNumber: 'E00001' };
const LEAVE_FRAME = { type: 'leave', from: SAN, roomNumber: 'E00001' };
const CHAT_FRAME = {
  type: 'chat',
  chat: { id: 'm-1', from: SAN, roomNumber: 'E00001', content: '大家好' },
};

const text = (value: unknown): string => JSON.stringify(value);
const msg = (msgType: unknown, dataType: unknown, data: unknown): string =>
  text({ msgType, textData: { dataType, data } });

/** A form that is only read. */
const reading =
  (face: FaceName) =>
  (name: string, wire: string, frame: object): AcceptVector => ({
    name,
    face,
    wire: [wire],
    frames: [frame],
  });
const readServer = reading('server');
const readClient = reading('client');

/** A frame that is written exactly as it is read. */
const bothServer = (name: string, wire: string, frame: object): AcceptVector => ({
  ...readServer(name, wire, frame),
  encodes: [wire],
});
const bothClient = (name: string, wire: string, frame: object): AcceptVector => ({
  ...readClient(name, wire, frame),
  encodes: [wire],
});

export const accept: readonly AcceptVector[] = [
  bothServer('a heartbeat is a number alone', HEARTBEAT, { type: 'heartbeat' }),
  readServer('a heartbeat may have textData null', '{"msgType":1,"textData":null,"extendFields":null}', {
    type: 'heartbeat',
  }),
  readServer('a heartbeat may have an empty textData', '{"msgType":1,"textData":{}}', {
    type: 'heartbeat',
  }),
  readServer('what a heartbeat carries is not looked at', '{"msgType":1,"textData":"x"}', {
    type: 'heartbeat',
  }),
  bothServer('a join names its member and its room', join(), JOIN_FRAME),
  bothServer('a member may be an id alone', join({ id: 'jk2' }), { ...JOIN_FRAME, from: { id: 'jk2' } }),
  readServer(
    'null fields are absent ones',
    msg(2, 1, { from: { ...BOB, personNum: null, headImgUrl: null }, roomNumber: 'E00001' }),
    { ...JOIN_FRAME, from: BOB },
  ),
  readServer('a join may name no sender', msg(2, 1, { from: null, roomNumber: 'E00001' }), {
    type: 'join',
    roomNumber: 'E00001',
  }),
  readServer(
    'a join may have the spare extendFields',
    text({
      msgType: 2,
      textData: { dataType: 1, data: { from: SAN, roomNumber: 'E00001' } },
      extendFields: {},
    }),
    JOIN_FRAME,
  ),
  readServer(
    'unknown fields are let pass',
    msg(2, 1, { from: { ...SAN, age: 3 }, roomNumber: 'E00001', x: 1 }),
    JOIN_FRAME,
  ),
  bothServer('a leave has the number of a chat', leave(), LEAVE_FRAME),
  readServer('a leave may have the number of a join', leave(SAN, 'E00001', 2), LEAVE_FRAME),
  bothServer('a chat carries text', chat(), CHAT_FRAME),
  readServer('a chat needs neither id nor sender', msg(3, 3, { roomNumber: 'E00001', content: ' ' }), {
    type: 'chat',
    chat: { roomNumber: 'E00001', content: ' ' },
  }),
  readServer('an empty message id is no id', chat({ id: '' }), {
    type: 'chat',
    chat: { from: SAN, roomNumber: 'E00001', content: '大家好' },
  }),
  readServer("a client's own time stamp is ignored", chat({ createTime: '2020-08-09 10:00:00' }), CHAT_FRAME),
  bothServer('extendFields of a chat are kept whole', chat({}, { a: [1, null, { b: '' }] }), {
    ...CHAT_FRAME,
    extendFields: { a: [1, null, { b: '' }] },
  }),
  readServer('a receipt is known, though unused', msg(4, 1, {}), { type: 'receipt' }),
  readServer('a friends request is known, though unused', msg(5, 1, {}), { type: 'friends' }),
  bothServer('msgType 3 with dataType 1 is neither a join nor a chat', msg(3, 1, {}), {
    type: 'misplaced',
  }),

  bothClient('a refusal is a text', refusedWire('房间已满'), { type: 'refused', msg: '房间已满' }),
  readClient('a refusal may say nothing', '{"status":0,"msg":null,"resultBody":null}', {
    type: 'refused',
    msg: '',
  }),
  bothClient(
    'the joiner gets all members',
    reply('Join successfully', 1, { ...ROOM, members: [SAN, BOB], newJoinMember: BOB }),
    { type: 'joined', room: { ...ROOM, members: [SAN, BOB], newJoinMember: BOB } },
  ),
  readClient(
    'the others get members null',
    reply('Join successfully', 1, { ...ROOM, members: null, newJoinMember: BOB }),
    { type: 'joined', room: { ...ROOM, newJoinMember: BOB } },
  ),
  bothClient(
    'a leave is told without members',
    reply('Leave successfully', 2, { ...ROOM, newLeaveMember: BOB }),
    { type: 'left', room: { ...ROOM, newLeaveMember: BOB } },
  ),
  readClient('a room may be an empty skeleton', reply('Join successfully', 1, {}), {
    type: 'joined',
    room: {},
  }),
  readClient(
    'a creation time that is not a number is left out',
    reply('Leave successfully', 2, { number: 'E00001', createTime: '2020-08-14', newLeaveMember: BOB }),
    { type: 'left', room: { number: 'E00001', newLeaveMember: BOB } },
  ),
  readClient(
    'a reply may repeat the number of the request',
    text({ status: 1, msg: '', resultBody: { msgType: 2, textData: { dataType: 1, data: ROOM } } }),
    { type: 'joined', room: ROOM },
  ),
  bothClient('a chat message is a reply', reply('Message', 3, MESSAGE_FRAME.chat), MESSAGE_FRAME),
];

const refusing =
  (face: FaceName) =>
  (name: string, wire: WireMessage, code: ErrorCode): RejectVector => ({ name, face, wire: [wire], code });
const badServer = refusing('server');
const badClient = refusing('client');

/** A broken chat whose id is still legible. */
const badChat = (name: string, wire: string, code: ErrorCode): RejectVector => ({
  ...badServer(name, wire, code),
  messageId: 'm-1',
});

const LONG = 'x'.repeat(257);

export const reject: readonly RejectVector[] = [
  badServer('bytes', new Uint8Array([0x7b, 0x7d]), 'data_unsupported'),
  badServer('text that is not JSON', 'ping', 'frame_malformed'),
  badServer('an empty message', '', 'frame_malformed'),
  badServer('an array', '[]', 'frame_malformed'),
  badServer('a number', '1', 'frame_malformed'),
  badServer('an object that says nothing', '{}', 'frame_unknown'),
  badServer('a msgType that is a text', '{"msgType":"1"}', 'frame_unknown'),
  badServer('a msgType that nobody knows', '{"msgType":6}', 'frame_unknown'),
  badServer('a msgType that is a fraction', '{"msgType":1.5}', 'frame_unknown'),
  badServer('a dataType that nobody knows', msg(3, 4, {}), 'frame_unknown'),
  badServer('a dataType that is a text', msg(2, '1', {}), 'frame_unknown'),
  badServer('a chat under the number of a join', msg(2, 3, {}), 'frame_unknown'),
  badServer('a join without textData', '{"msgType":2}', 'field_missing'),
  badServer('a join with textData null', '{"msgType":2,"textData":null}', 'field_missing'),
  badServer('a join with an empty textData', '{"msgType":2,"textData":{}}', 'field_missing'),
  badServer('a join whose textData is a text', '{"msgType":2,"textData":"x"}', 'frame_malformed'),
  badServer('a join whose textData is a list', '{"msgType":2,"textData":[]}', 'frame_malformed'),
  badServer('a join without data', '{"msgType":2,"textData":{"dataType":1}}', 'field_missing'),
  badServer('a join with data null', msg(2, 1, null), 'field_missing'),
  badServer('a join without a room', msg(2, 1, { from: SAN }), 'field_missing'),
  badServer('a join with room null', msg(2, 1, { from: SAN, roomNumber: null }), 'field_missing'),
  badServer('a join with an empty room', join(SAN, ''), 'field_missing'),
  badServer('a join whose room is a number', msg(2, 1, { roomNumber: 1 }), 'frame_malformed'),
  badServer('a room number of 257 units', join(SAN, LONG), 'frame_malformed'),
  badServer('a member without an id', msg(2, 1, { from: {}, roomNumber: 'E00001' }), 'field_missing'),
  badServer('a member with an empty id', join({ id: '' }), 'field_missing'),
  badServer('a member with id null', msg(2, 1, { from: { id: null }, roomNumber: 'E' }), 'field_missing'),
  badServer(
    'a member whose name is a number',
    msg(2, 1, { from: { id: 'a', nickName: 3 } }),
    'field_missing',
  ),
  badServer('a member id of 257 units', join({ id: LONG }), 'frame_malformed'),
  badServer('a lone surrogate', '{"msgType":3,"x":"\\ud800"}', 'frame_malformed'),
  badServer(
    'a nesting of 33 levels',
    `{"msgType":1,"x":${'['.repeat(33)}${']'.repeat(33)}}`,
    'frame_malformed',
  ),
  badChat('extendFields that are a list', chat({}, []), 'frame_malformed'),
  badChat('a chat without content', chat({ content: undefined }), 'field_missing'),
  badChat('a chat with empty content', chat({ content: '' }), 'field_missing'),
  badChat('a chat with content null', chat({ content: null }), 'field_missing'),
  badChat('a chat whose content is an object', chat({ content: {} }), 'frame_malformed'),
  badServer('a chat whose id is a number', chat({ id: 1 }), 'frame_malformed'),
  badChat('a content type of 65 units', chat({ contentType: 'x'.repeat(65) }), 'frame_malformed'),

  badClient('bytes from a server', new Uint8Array([1]), 'data_unsupported'),
  badClient('a reply without a status', '{"msg":""}', 'frame_unknown'),
  badClient('a status of 2', '{"status":2,"msg":"","resultBody":""}', 'frame_unknown'),
  badClient('a success that says nothing', '{"status":1,"msg":"","resultBody":""}', 'frame_unknown'),
  badClient('a success of an unknown dataType', reply('', 9, {}), 'frame_unknown'),
  badClient('a refusal whose text is a number', '{"status":0,"msg":1}', 'frame_malformed'),
  badClient('a room that is null', reply('', 1, null as never), 'field_missing'),
  badClient('members that are no list', reply('', 1, { members: {} }), 'frame_malformed'),
  badClient('a member that is null', reply('', 1, { members: [null] }), 'frame_malformed'),
  badClient('a listed member without an id', reply('', 1, { members: [{}] }), 'field_missing'),
  badClient('a message without content', reply('Message', 3, { roomNumber: 'E00001' }), 'field_missing'),
  badClient('a message without a room', reply('Message', 3, { content: 'x' }), 'field_missing'),
];
