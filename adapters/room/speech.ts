/** What the server face says of canonical values: each answer is one frame at most, and what it couldn't say. */
import type { Effect, WireIdentity } from '../../core/dialect.ts';
import { errorText, type Locale } from '../../core/errors.ts';
import { lost, send } from '../../core/session-kit.ts';
import type { EventOf } from '../../schemas/event.ts';
import type { Group, Message, User } from '../../schemas/model.ts';
import type { ResultOf } from '../../schemas/outcome.ts';
import { joinedFrame, leftFrame, memberOf, membersOf, messageFrame } from './mapping.ts';
import { refusal, replacedText } from './refusals.ts';
import type { RoomFrame } from './wire.ts';

type Said = readonly Effect<RoomFrame, never>[];

/** The reply to the joiner itself: everybody present. */
export function selfJoined(result: ResultOf<'joined'>, identity: WireIdentity): Said {
  const { type, group, user, attending } = result;
  const members = membersOf(attending, identity);
  const self = memberOf(user, identity);
  const people = self === undefined ? { members } : { members, newJoinMember: self };
  const fields = groupLosses(group, identity);
  if (members.length < attending.length) fields.push('attending');
  if (self === undefined) fields.push('user');
  return saying(joinedFrame(group, identity, people), type, fields);
}

/** The same news for the others: who came, and no list. */
export function memberJoined(event: EventOf<'member_joined'>, identity: WireIdentity): Said {
  const newJoinMember = memberOf(event.user, identity);
  if (newJoinMember === undefined) return [lost(event.type)];
  const frame = joinedFrame(event.group, identity, { newJoinMember });
  return saying(frame, event.type, ['at', ...groupLosses(event.group, identity)]);
}

/** Who has left, for whatever reason; `fields` are those of the value that this can't say. */
export function memberLeft(
  value: { readonly type: string; readonly group: Group; readonly user: User },
  identity: WireIdentity,
  fields: readonly string[],
): Said {
  const member = memberOf(value.user, identity);
  if (member === undefined) return [lost(value.type)];
  const frame = leftFrame(value.group, identity, member);
  return saying(frame, value.type, [...fields, ...groupLosses(value.group, identity)]);
}

/** A group's message; a direct one has no form here. */
export function chatMessage(message: Message, type: string, identity: WireIdentity): Said {
  const from = message.to.type === 'group' ? memberOf(message.from, identity) : undefined;
  if (from === undefined) return [lost(type)];
  const fields: string[] = [];
  if (message.replyTo !== undefined) fields.push('message.replyTo');
  if (message.attachment !== undefined) fields.push('message.attachment');
  return saying(messageFrame(message, from), type, fields);
}

/** The older connection of a user who logged in elsewhere ends itself. */
export function replaced(locale: Locale): Said {
  const text = replacedText(locale);
  return [send<RoomFrame>({ type: 'refused', msg: text }), { kind: 'close', reason: 'replaced', text }];
}

export function goingAway(event: EventOf<'going_away'>, locale: Locale): Said {
  if (event.reason === 'disconnected') return [{ kind: 'close', reason: 'normal', text: '' }];
  return [
    send<RoomFrame>(refusal('shutting_down', locale)),
    lost(event.type, 'afterMs'),
    { kind: 'close', reason: 'shutting_down', text: errorText('shutting_down', locale) },
  ];
}

function groupLosses(group: Group, identity: WireIdentity): string[] {
  const { owner } = group;
  return owner === undefined || identity.toWire(owner.id) !== undefined ? [] : ['group.owner'];
}

function saying(frame: RoomFrame, type: string, fields: readonly string[]): Said {
  return fields.length === 0 ? [send(frame)] : [send(frame), lost(type, ...fields)];
}
