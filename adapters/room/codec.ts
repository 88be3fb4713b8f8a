/** Wire messages <-> frames: the only place that knows the numbers and the wording of the wire. */
import type { Codec } from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import { jsonCodec } from '../../core/json-wire.ts';
import type { JsonObject } from '../../schemas/model.ts';
import { JOIN_DATA_TYPE, LEAVE_DATA_TYPE, type RoomOptions } from './options.ts';
import {
  type Chat,
  CLIENT_SCHEMAS,
  type ClientFrame,
  type Member,
  type Room,
  type RoomFrame,
  SERVER_SCHEMAS,
  type ServerFrame,
} from './wire.ts';

type Numbers = Pick<RoomOptions, 'msgTypes' | 'chatDataType'>;

/** What the schemas let through: every field may be null or absent. */
type Loose<Type> = { readonly [Key in keyof Type]?: unknown };

interface LooseTextMsg {
  readonly msgType?: unknown;
  readonly textData?: { readonly dataType?: unknown; readonly data?: unknown } | null;
  readonly extendFields?: JsonObject | null;
}
interface LooseReply {
  readonly status?: unknown;
  readonly msg?: string | null;
  readonly resultBody?: LooseTextMsg | null;
}

/** Reads what clients send and writes what servers send; stateless. */
export function serverCodec(numbers: Numbers): Codec<RoomFrame> {
  const json = jsonCodec<ClientFrame>({
    kindOf: (value) => clientKind(value, numbers),
    schemas: CLIENT_SCHEMAS,
    messageIdOf,
    toFrame: (value, kind) => clientFrame(value as LooseTextMsg, kind as keyof typeof CLIENT_SCHEMAS),
  });
  return { decode: json.decode, encode: (frame) => encode(frame, numbers) };
}

/** Reads what servers send and writes what clients send; stateless. */
export function clientCodec(numbers: Numbers): Codec<RoomFrame> {
  const json = jsonCodec<ServerFrame>({
    kindOf: (value) => serverKind(value, numbers),
    schemas: SERVER_SCHEMAS,
    toFrame: (value, kind) => serverFrame(value as LooseReply, kind as keyof typeof SERVER_SCHEMAS),
  });
  return { decode: json.decode, encode: (frame) => encode(frame, numbers) };
}

function clientKind(value: LooseTextMsg, { msgTypes, chatDataType }: Numbers): string | undefined {
  const { msgType } = value;
  if (msgType === msgTypes.heartbeat) return 'heartbeat';
  if (msgType === msgTypes.receipt) return 'receipt';
  if (msgType === msgTypes.friends) return 'friends';
  if (msgType !== msgTypes.init && msgType !== msgTypes.chat) return undefined;
  const dataType = value.textData?.dataType ?? undefined;
  if (dataType === undefined) return 'incomplete';
  if (dataType === LEAVE_DATA_TYPE) return 'leave';
  if (dataType === JOIN_DATA_TYPE) return msgType === msgTypes.init ? 'join' : 'misplaced';
  return dataType === chatDataType && msgType === msgTypes.chat ? 'chat' : undefined;
}

/** A server may repeat the number of the request or use that of a chat, so both are read. */
function serverKind(value: LooseReply, { msgTypes, chatDataType }: Numbers): string | undefined {
  if (value.status === 0) return 'refused';
  if (value.status !== 1) return undefined;
  const msgType = value.resultBody?.msgType;
  if (msgType !== msgTypes.chat && msgType !== msgTypes.init) return undefined;
  const dataType = value.resultBody?.textData?.dataType;
  if (dataType === JOIN_DATA_TYPE) return 'joined';
  if (dataType === LEAVE_DATA_TYPE) return 'left';
  return dataType === chatDataType ? 'message' : undefined;
}

function messageIdOf(value: LooseTextMsg): unknown {
  const data = value.textData?.data as Loose<Chat> | null | undefined;
  return data?.id;
}

function clientFrame(value: LooseTextMsg, kind: keyof typeof CLIENT_SCHEMAS): ClientFrame {
  switch (kind) {
    case 'heartbeat':
    case 'receipt':
    case 'friends':
    case 'misplaced':
      return { type: kind };
    case 'incomplete':
      throw missing('textData/dataType');
    case 'join':
    case 'leave': {
      const data = dataOf(value) as Loose<{ from: Member; roomNumber: string }>;
      const from = optionalMember(data.from, 'from');
      const roomNumber = required(data.roomNumber, 'roomNumber');
      return from === undefined ? { type: kind, roomNumber } : { type: kind, from, roomNumber };
    }
    case 'chat': {
      // A client's own time stamp is ignored, whatever its form: the gateway's clock is the only one.
      const { createTime: _ignored, ...chat } = readChat(dataOf(value));
      return withExtendFields({ type: 'chat', chat }, value);
    }
    default:
      return kind satisfies never;
  }
}

function serverFrame(value: LooseReply, kind: keyof typeof SERVER_SCHEMAS): ServerFrame {
  if (kind === 'refused') return { type: 'refused', msg: value.msg ?? '' };
  const body = value.resultBody as LooseTextMsg;
  switch (kind) {
    case 'joined':
    case 'left':
      return { type: kind, room: readRoom(dataOf(body)) };
    case 'message':
      return withExtendFields({ type: 'message', chat: readChat(dataOf(body)) }, body);
    default:
      return kind satisfies never;
  }
}

const missing = (detail: string, messageId?: string): GatewayError =>
  new GatewayError('field_missing', { detail, ...(messageId === undefined ? {} : { messageId }) });

function dataOf(value: LooseTextMsg): object {
  const data = value.textData?.data ?? undefined;
  if (data === undefined) throw missing('textData/data');
  return data as object;
}

/** A text that the schema has checked, unless it is null. */
function required(value: unknown, field: string, messageId?: string): string {
  if (typeof value !== 'string') throw missing(field, messageId);
  return value;
}

/** The named texts that are there; null and empty ones are left out. */
function texts<Key extends string>(value: Loose<Record<Key, string>>, keys: readonly Key[]) {
  const found: Partial<Record<Key, string>> = {};
  for (const key of keys) {
    const text = value[key];
    if (typeof text === 'string' && text !== '') found[key] = text;
  }
  return found;
}

function readMember(value: Loose<Member>, field: string): Member {
  return {
    ...texts(value, ['headImgUrl']),
    id: required(value.id, `${field}/id`),
    ...texts(value, ['nickName', 'personName', 'personNum']),
  };
}

function optionalMember(value: unknown, field: string): Member | undefined {
  return typeof value === 'object' && value !== null ? readMember(value, field) : undefined;
}

/** Epoch ms, or undefined for anything else: some servers write dates as texts. */
function readTime(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

function readChat(value: Loose<Chat>): Chat {
  const from = optionalMember(value.from, 'from');
  const createTime = readTime(value.createTime);
  const named = texts(value, ['id']);
  return {
    ...named,
    ...(from === undefined ? {} : { from }),
    roomNumber: required(value.roomNumber, 'roomNumber', named.id),
    content: required(value.content, 'content', named.id),
    ...texts(value, ['contentType']),
    ...(createTime === undefined ? {} : { createTime }),
  };
}

function readRoom(value: Loose<Room>): Room {
  const owner = optionalMember(value.owner, 'owner');
  const createTime = readTime(value.createTime);
  const newJoinMember = optionalMember(value.newJoinMember, 'newJoinMember');
  const newLeaveMember = optionalMember(value.newLeaveMember, 'newLeaveMember');
  return {
    ...texts(value, ['number', 'name', 'desc']),
    ...(owner === undefined ? {} : { owner }),
    ...(createTime === undefined ? {} : { createTime }),
    ...(Array.isArray(value.members)
      ? { members: (value.members as Loose<Member>[]).map((member) => readMember(member, 'members')) }
      : {}),
    ...(newJoinMember === undefined ? {} : { newJoinMember }),
    ...(newLeaveMember === undefined ? {} : { newLeaveMember }),
  };
}

function withExtendFields<Frame extends object>(frame: Frame, value: LooseTextMsg) {
  const extendFields = value.extendFields ?? undefined;
  return extendFields === undefined ? frame : { ...frame, extendFields };
}

function encode(frame: RoomFrame, numbers: Numbers): string {
  return JSON.stringify(wireForm(frame, numbers));
}

/** Fields that are undefined here are left out of the JSON. */
function wireForm(frame: RoomFrame, { msgTypes, chatDataType }: Numbers): object {
  switch (frame.type) {
    case 'heartbeat':
    case 'receipt':
    case 'friends':
      return { msgType: msgTypes[frame.type] };
    case 'misplaced':
      return { msgType: msgTypes.chat, textData: { dataType: JOIN_DATA_TYPE, data: {} } };
    case 'join': {
      const { type: _type, ...data } = frame;
      return { msgType: msgTypes.init, textData: { dataType: JOIN_DATA_TYPE, data } };
    }
    case 'leave': {
      const { type: _type, ...data } = frame;
      return { msgType: msgTypes.chat, textData: { dataType: LEAVE_DATA_TYPE, data } };
    }
    case 'chat':
      return chatBody(frame);
    case 'joined':
      return reply('Join successfully', body(JOIN_DATA_TYPE, frame.room));
    case 'left':
      return reply('Leave successfully', body(LEAVE_DATA_TYPE, frame.room));
    case 'message':
      return reply('Message', chatBody(frame));
    case 'refused':
      return { status: 0, msg: frame.msg, resultBody: '' };
    default:
      return frame satisfies never;
  }

  function body(dataType: number, data: object) {
    return { msgType: msgTypes.chat, textData: { dataType, data } };
  }
  function chatBody({ chat, extendFields }: { readonly chat: Chat; readonly extendFields?: JsonObject }) {
    return { ...body(chatDataType, chat), extendFields };
  }
  function reply(msg: string, resultBody: object) {
    return { status: 1, msg, resultBody };
  }
}
