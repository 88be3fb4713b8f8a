/** Members, rooms and chats on the wire, and users, groups and messages of the canonical model. */
import type { WireIdentity } from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Group, JsonObject, Message, Profile, User } from '../../schemas/model.ts';
import type { Chat, JoinedFrame, LeftFrame, Member, MessageFrame, Room } from './wire.ts';

/** Key of this dialect's own fields in `extensions`. */
const DIALECT_ID = 'room';

/** Bounds of the canonical model, in UTF-16 units. */
const MAX_NAME_LENGTH = 256;
const MAX_AVATAR_LENGTH = 4096;
const MAX_DESCRIPTION_LENGTH = 4096;

/** The user as a Member; undefined if the user has no id on this endpoint's wire. */
export function memberOf(user: User, identity: WireIdentity): Member | undefined {
  const id = identity.toWire(user.id);
  if (id === undefined) return undefined;
  const own = user.extensions?.[DIALECT_ID];
  const personNum = textOf(own, 'personNum');
  return {
    ...(user.avatar === undefined ? {} : { headImgUrl: user.avatar }),
    id,
    nickName: textOf(own, 'nickName') ?? user.name,
    personName: textOf(own, 'personName') ?? user.name,
    ...(personNum === undefined ? {} : { personNum }),
  };
}

/** The Members of the users who have an id on this endpoint's wire. */
export function membersOf(users: readonly User[], identity: WireIdentity): Member[] {
  return users.map((user) => memberOf(user, identity)).filter((member) => member !== undefined);
}

/** The room's own fields, without anybody who comes or goes. */
function roomOf(group: Group, identity: WireIdentity): Room {
  const owner = group.owner === undefined ? undefined : memberOf(group.owner, identity);
  return {
    number: group.id,
    name: group.name,
    desc: group.description,
    ...(owner === undefined ? {} : { owner }),
    createTime: group.createdAt,
  };
}

/** `members` only for the joiner itself. */
export function joinedFrame(
  group: Group,
  identity: WireIdentity,
  people: Pick<Room, 'members' | 'newJoinMember'>,
): JoinedFrame {
  return { type: 'joined', room: { ...roomOf(group, identity), ...people } };
}

export function leftFrame(group: Group, identity: WireIdentity, newLeaveMember: Member): LeftFrame {
  return { type: 'left', room: { ...roomOf(group, identity), newLeaveMember } };
}

/** A message of a group. A reference to it is the author's own id where there is one. */
export function messageFrame(message: Message, from: Member): MessageFrame {
  const chat: Chat = {
    id: message.clientId ?? message.id,
    from,
    roomNumber: message.to.id,
    content: message.content,
    contentType: message.contentType,
    createTime: message.sentAt,
  };
  const extendFields = extendFieldsOf(message);
  return extendFields === undefined ? { type: 'message', chat } : { type: 'message', chat, extendFields };
}

/** The `extendFields` that a room client wrote, if it did. */
export function extendFieldsOf(value: Pick<Message, 'extensions'>): JsonObject | undefined {
  const fields = value.extensions?.[DIALECT_ID]?.extendFields;
  return typeof fields === 'object' && fields !== null && !Array.isArray(fields)
    ? (fields as JsonObject)
    : undefined;
}

/** `extendFields` as extensions of a message, ready to be spread into it. */
export function extensionsOf(extendFields: JsonObject | undefined) {
  return extendFields === undefined ? {} : { extensions: { [DIALECT_ID]: { extendFields } } };
}

/** What a Member says of itself, under a canonical id; over-long names are cut, an over-long avatar is left out. */
export function profileOf(member: Member, id: string): Profile {
  const { headImgUrl, nickName, personName, personNum } = member;
  // Where both names are the same, the fallbacks of memberOf give them back.
  const names = nickName === personName ? {} : { ...defined({ personName }), ...defined({ nickName }) };
  const own = { ...names, ...defined({ personNum }) };
  return {
    id,
    name: cut(nickName ?? personName ?? id, MAX_NAME_LENGTH),
    ...(headImgUrl === undefined || headImgUrl.length > MAX_AVATAR_LENGTH ? {} : { avatar: headImgUrl }),
    ...(Object.keys(own).length === 0 ? {} : { extensions: { [DIALECT_ID]: own } }),
  };
}

/** Where a client face takes what the wire doesn't say. */
export interface Surroundings {
  readonly namespace: string;
  readonly identity: WireIdentity;
  now(): number;
  newId(): string;
}

/**
 * The user that a Member stands for.
 *
 * @throws GatewayError recipient_unknown if nobody has this id here
 */
export function userOf(member: Member, { namespace, identity }: Surroundings): User {
  const id = identity.toCanonical(member.id);
  if (id === undefined) {
    throw new GatewayError('recipient_unknown', { detail: `nobody here has the wire id ${member.id}` });
  }
  return { namespace, ...profileOf(member, id) };
}

/**
 * The group that a Room describes. Whether it is open is not on the wire: it is taken for open.
 *
 * @throws GatewayError field_missing for a room without a number
 */
export function groupOf(room: Room, around: Surroundings): Group {
  if (room.number === undefined) throw new GatewayError('field_missing', { detail: 'number' });
  const owner =
    room.owner === undefined || around.identity.toCanonical(room.owner.id) === undefined
      ? undefined
      : userOf(room.owner, around);
  return {
    namespace: around.namespace,
    id: room.number,
    name: cut(room.name ?? room.number, MAX_NAME_LENGTH),
    description: cut(room.desc ?? '', MAX_DESCRIPTION_LENGTH),
    ...(owner === undefined ? {} : { owner }),
    createdAt: room.createTime ?? 0,
    open: true,
  };
}

/**
 * The message that a server's chat frame carries; it has no sequence on the wire.
 *
 * @throws GatewayError field_missing without a sender, recipient_unknown as userOf
 */
export function messageOf({ chat, extendFields }: MessageFrame, around: Surroundings): Message {
  if (chat.from === undefined) throw new GatewayError('field_missing', { detail: 'from' });
  return {
    id: chat.id ?? around.newId(),
    namespace: around.namespace,
    sequence: 1,
    from: userOf(chat.from, around),
    to: { type: 'group', id: chat.roomNumber },
    content: chat.content,
    contentType: chat.contentType ?? 'text',
    sentAt: chat.createTime ?? around.now(),
    ...extensionsOf(extendFields),
  };
}

function textOf(own: JsonObject | undefined, key: string): string | undefined {
  const value = own?.[key];
  return typeof value === 'string' ? value : undefined;
}

/** The object without its undefined values. */
function defined<Key extends string>(value: { readonly [Name in Key]: string | undefined }) {
  return Object.fromEntries(
    Object.entries<string | undefined>(value).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}

/** At most `length` UTF-16 units, without half a character at the end. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = (text.charCodeAt(length - 1) & 0xfc00) === 0xd800 ? length - 1 : length;
  return text.slice(0, end);
}
