/** Canonical events as bodies of /user/queue/events (the server face's half). */
import type { WireIdentity } from '../../core/dialect.ts';
import type { Event, EventOf } from '../../schemas/event.ts';
import type { Group, Target, User } from '../../schemas/model.ts';
import type { EventBody, WireGroup, WireUser } from './event-wire.ts';

/** Events that this queue says. */
export type QueuedEvent = Exclude<
  Event,
  EventOf<'authenticated' | 'session_replaced' | 'message' | 'going_away' | 'user_list'>
>;

/** Thrown where a user has no id on this wire; never leaves this file. */
const UNSAYABLE = Symbol('a user has no id on this wire');

/** The body, or undefined if a user in it has no id on this wire, or a relayed body is not text. */
export function sayEvent(event: QueuedEvent, identity: WireIdentity): EventBody | undefined {
  try {
    return say(event, new Names(identity));
  } catch (thrown) {
    if (thrown === UNSAYABLE) return undefined;
    throw thrown;
  }
}

class Names {
  readonly #identity: WireIdentity;

  constructor(identity: WireIdentity) {
    this.#identity = identity;
  }

  id(userId: string): string {
    const wireId = this.#identity.toWire(userId);
    if (wireId === undefined) throw UNSAYABLE;
    return wireId;
  }

  user({ id, name, avatar }: User): WireUser {
    return { id: this.id(id), name, ...(avatar === undefined ? {} : { avatar }) };
  }

  group({ id, name, description, owner, createdAt, open }: Group): WireGroup {
    // An owner unknown to this wire is no reason to keep the group's own news back.
    const known = owner !== undefined && this.#identity.toWire(owner.id) !== undefined;
    return { id, name, description, ...(known ? { owner: this.user(owner) } : {}), createdAt, open };
  }

  toward({ type, id }: Target): { readonly chatType: 'SINGLE' | 'GROUP'; readonly toId: string } {
    return type === 'group' ? { chatType: 'GROUP', toId: id } : { chatType: 'SINGLE', toId: this.id(id) };
  }
}

function say(event: QueuedEvent, names: Names): EventBody {
  const { type } = event;
  switch (type) {
    case 'message_read':
      return {
        type,
        ...names.toward(event.target),
        reader: names.user(event.reader),
        ...(event.message === undefined ? {} : { messageId: event.message }),
        at: event.at,
      };
    case 'message_revoked':
      return {
        type,
        messageId: event.clientId ?? event.message,
        from: names.user(event.from),
        ...names.toward(event.to),
        at: event.at,
      };
    case 'member_joined':
    case 'member_left':
      return { type, group: names.group(event.group), user: names.user(event.user), at: event.at };
    case 'member_removed':
      return {
        type,
        group: names.group(event.group),
        user: names.user(event.user),
        reason: event.reason,
        at: event.at,
      };
    case 'presence_changed':
      return { type, user: names.user(event.user), online: event.online, at: event.at };
    case 'contact_requested':
      return {
        type,
        requestId: event.request,
        from: names.user(event.from),
        toId: names.id(event.to),
        at: event.at,
      };
    case 'contact_accepted':
      return { type, contact: names.user(event.contact), toId: names.id(event.to), at: event.at };
    case 'group_dissolved':
      return { type, group: names.group(event.group), at: event.at };
    case 'group_transferred':
      return { type, group: names.group(event.group), newOwner: names.user(event.newOwner), at: event.at };
    case 'member_muted':
      return {
        type,
        group: names.group(event.group),
        user: names.user(event.user),
        muted: event.muted,
        at: event.at,
      };
    case 'group_announcement':
      return { type, group: names.group(event.group), text: event.text, at: event.at };
    case 'group_invited':
      return {
        type,
        group: names.group(event.group),
        inviter: names.user(event.inviter),
        toId: names.id(event.to),
        at: event.at,
      };
    case 'relayed': {
      const { target, body } = event;
      if (typeof body !== 'string' || target.type === 'topic' || target.type === 'queue') throw UNSAYABLE;
      return {
        type,
        id: event.id,
        name: event.name,
        ...names.toward({ type: target.type, id: target.id }),
        ...(event.from === undefined ? {} : { from: names.user(event.from) }),
        headers: event.headers,
        body,
      };
    }
    default:
      return type satisfies never;
  }
}
