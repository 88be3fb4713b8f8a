/**
 * What a namespace sees of a group that is bridged into it: people of other namespaces as `guest:<id>`, the
 * group under its own name there.
 */
import type { Event } from '../schemas/event.ts';
import type { Group, Message, Target, User } from '../schemas/model.ts';

const GUEST = 'guest:';

/** Whether somebody of another namespace could be shown by this id: nobody may log in under it. */
export const isGuestId = (id: string): boolean => id.startsWith(GUEST);

/** A user as the namespace sees it. */
export function userIn(user: User, namespace: string): User {
  if (user.namespace === namespace || isGuestId(user.id)) return user;
  return Object.freeze({ ...user, namespace, id: GUEST + user.id });
}

/** An event as the namespace sees it; `groupId` is the bridged group's id there. */
export function eventIn(event: Event, namespace: string, groupId: string): Event {
  const user = (value: User): User => userIn(value, namespace);
  const group = (value: Group): Group =>
    Object.freeze({
      ...value,
      namespace,
      id: groupId,
      ...(value.owner === undefined ? {} : { owner: user(value.owner) }),
    });
  const target = (value: Target): Target => (value.type === 'group' ? { ...value, id: groupId } : value);
  switch (event.type) {
    case 'message':
      return Object.freeze({ ...event, namespace, message: messageIn(event.message, namespace, groupId) });
    case 'message_revoked':
      return Object.freeze({ ...event, namespace, from: user(event.from), to: target(event.to) });
    case 'message_read':
      return Object.freeze({ ...event, namespace, reader: user(event.reader), target: target(event.target) });
    case 'relayed':
      return Object.freeze({
        ...event,
        namespace,
        target: event.target.type === 'group' ? { ...event.target, id: groupId } : event.target,
        ...(event.from === undefined ? {} : { from: user(event.from) }),
      });
    case 'member_joined':
    case 'member_left':
    case 'member_removed':
    case 'member_muted':
      return Object.freeze({ ...event, namespace, user: user(event.user), group: group(event.group) });
    case 'group_transferred':
      return Object.freeze({
        ...event,
        namespace,
        newOwner: user(event.newOwner),
        group: group(event.group),
      });
    case 'group_dissolved':
    case 'group_announcement':
      return Object.freeze({ ...event, namespace, group: group(event.group) });
    case 'user_list':
      return Object.freeze({
        ...event,
        namespace,
        group: group(event.group),
        online: event.online.map(user),
        offline: event.offline.map(user),
      });
    case 'group_invited':
      return Object.freeze({ ...event, namespace, inviter: user(event.inviter), group: group(event.group) });
    case 'authenticated':
    case 'session_replaced':
    case 'presence_changed':
    case 'contact_requested':
    case 'contact_accepted':
    case 'going_away':
      return event;
    default:
      return event satisfies never;
  }
}

/** A group message as the namespace sees it. */
export function messageIn(message: Message, namespace: string, groupId: string): Message {
  return Object.freeze({
    ...message,
    namespace,
    from: userIn(message.from, namespace),
    to: message.to.type === 'group' ? { type: 'group' as const, id: groupId } : message.to,
  });
}
