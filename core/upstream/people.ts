/** Who an event speaks of: users whose ids must be sayable on the client's wire before the event is. */
import type { Event } from '../../schemas/event.ts';

/** User ids in an event, some perhaps twice. */
export function peopleOf(event: Event): readonly string[] {
  switch (event.type) {
    case 'message': {
      const { from, to } = event.message;
      return to.type === 'user' ? [from.id, to.id] : [from.id];
    }
    case 'message_revoked':
      return event.to.type === 'user' ? [event.from.id, event.to.id] : [event.from.id];
    case 'message_read':
      return event.target.type === 'user' ? [event.reader.id, event.target.id] : [event.reader.id];
    case 'relayed':
      return event.from === undefined ? [] : [event.from.id];
    case 'user_list':
      return [...event.online, ...event.offline].map(({ id }) => id);
    case 'member_joined':
    case 'member_left':
    case 'member_removed':
    case 'member_muted':
    case 'presence_changed':
    case 'authenticated':
    case 'session_replaced':
      return [event.user.id];
    case 'contact_requested':
      return [event.from.id, event.to];
    case 'contact_accepted':
      return [event.contact.id, event.to];
    case 'group_transferred':
      return [event.newOwner.id];
    case 'group_invited':
      return [event.inviter.id, event.to];
    case 'group_dissolved':
    case 'group_announcement':
    case 'going_away':
      return [];
    default:
      return event satisfies never;
  }
}
