/** People, rooms and frames that the vectors share; names and numbers are the source's own. */
import type { Effect } from '../../core/dialect.ts';
import { type ErrorCode, errorText, GatewayError, type GatewayErrorOptions } from '../../core/errors.ts';
import { send } from '../../core/session-kit.ts';
import type { Group, Message, User } from '../../schemas/model.ts';
import type { Member, Room, RoomFrame } from './wire.ts';

/** A person with every field of a Member. */
export const SAN = {
  headImgUrl: '/abc/efg/h.jpg',
  id: 'jk2',
  nickName: '老三',
  personName: '张三',
  personNum: 'XS00001',
} as const satisfies Member;

export const SAN_USER = {
  namespace: 'main',
  id: 'jk2',
  name: '老三',
  avatar: '/abc/efg/h.jpg',
  extensions: { room: { personName: '张三', nickName: '老三', personNum: 'XS00001' } },
} as const satisfies User;

/** A person of whom another dialect gave only a name. */
export const BOB = { id: 'bob', nickName: 'Bob', personName: 'Bob' } as const satisfies Member;
export const BOB_USER = { namespace: 'main', id: 'bob', name: 'Bob' } as const satisfies User;

/** A user without an id on an endpoint that uses `ONLY_KNOWN`. */
export const NOBODY_USER = { namespace: 'main', id: 'nobody', name: 'Nobody' } as const satisfies User;
const known = (id: string) => (id === 'nobody' ? undefined : id);
export const ONLY_KNOWN = { toWire: known, toCanonical: known };

export const GROUP = {
  namespace: 'main',
  id: 'E00001',
  name: '房间名称',
  description: '房间描述',
  owner: SAN_USER,
  createdAt: 1_597_368_648_105,
  open: true,
} as const satisfies Group;

export const ROOM = {
  number: 'E00001',
  name: '房间名称',
  desc: '房间描述',
  owner: SAN,
  createTime: 1_597_368_648_105,
} as const satisfies Room;

/** `now()` of the connections under test. */
export const NOW = 1_765_679_400_000;

export const MESSAGE = {
  id: '01JEXAMPLE0000000000000001',
  clientId: 'm-1',
  namespace: 'main',
  sequence: 7,
  from: SAN_USER,
  to: { type: 'group', id: 'E00001' },
  content: '大家好',
  contentType: 'text',
  sentAt: 1_597_405_290_076,
} as const satisfies Message;

/** The same message as a server's frame. */
export const MESSAGE_FRAME = {
  type: 'message',
  chat: {
    id: 'm-1',
    from: SAN,
    roomNumber: 'E00001',
    content: '大家好',
    contentType: 'text',
    createTime: 1_597_405_290_076,
  },
} as const satisfies RoomFrame;

export const HEARTBEAT = '{"msgType":1}';

/** Wire forms of what a client sends about a room. */
export const join = (from: Member | undefined = SAN, roomNumber = 'E00001'): string =>
  JSON.stringify({ msgType: 2, textData: { dataType: 1, data: { from, roomNumber } } });
export const leave = (from: Member | undefined = SAN, roomNumber = 'E00001', msgType = 3): string =>
  JSON.stringify({ msgType, textData: { dataType: 2, data: { from, roomNumber } } });
export const chat = (fields: object = {}, extendFields?: object): string =>
  JSON.stringify({
    msgType: 3,
    textData: {
      dataType: 3,
      data: { id: 'm-1', from: SAN, roomNumber: 'E00001', content: '大家好', ...fields },
    },
    extendFields,
  });

/** Wire forms of what a server says. */
export const reply = (msg: string, dataType: number, data: object): string =>
  JSON.stringify({ status: 1, msg, resultBody: { msgType: 3, textData: { dataType, data } } });
export const joinReply = (people: object): string => reply('Join successfully', 1, { ...ROOM, ...people });
export const leaveReply = (newLeaveMember: Member): string =>
  reply('Leave successfully', 2, { ...ROOM, newLeaveMember });
export const refusedWire = (msg: string): string => JSON.stringify({ status: 0, msg, resultBody: '' });

/** Effects and outcomes. */
export const refused = (code: ErrorCode, locale: 'en' | 'zh-CN' = 'zh-CN'): Effect<RoomFrame, never> =>
  send<RoomFrame>({ type: 'refused', msg: errorText(code, locale) });
export const ok = (result: object) => ({ ok: true, result }) as never;
export const failed = (code: ErrorCode, options?: GatewayErrorOptions) =>
  ({ ok: false, error: new GatewayError(code, options) }) as const;
export const authenticated = (user: User, anonymous = false) =>
  ok({ type: 'authenticated', user, anonymous });
