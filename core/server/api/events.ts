/** Publishing an event: each is a command of the backend, and some change more than what clients show. */

import type { AdminCommand } from '../../../schemas/admin-command.ts';
import { PublishedEvent } from '../../../schemas/api/events.ts';
import type { ApiScope } from '../../../schemas/config/api.ts';
import { administer } from '../../admin.ts';
import { type Route, route } from './route.ts';

/** Scopes that an event needs besides `events:publish`, because it changes what the scope is for. */
const NEEDED: Readonly<Partial<Record<PublishedEvent['type'], ApiScope>>> = {
  contact_accepted: 'users:write',
  group_transferred: 'groups:write',
  group_dissolved: 'groups:write',
  member_removed: 'groups:write',
  member_muted: 'groups:write',
  message_revoked: 'messages:send',
  going_away: 'connections:write',
};

function commandOf(namespace: string, event: PublishedEvent): AdminCommand {
  switch (event.type) {
    case 'contact_requested':
      return { ...event, type: 'request_contact', namespace };
    case 'contact_accepted':
      return { ...event, type: 'accept_contact', namespace };
    case 'group_announcement':
      return { ...event, type: 'announce', namespace };
    case 'group_invited':
      return { ...event, type: 'invite', namespace };
    case 'group_transferred':
      return { ...event, type: 'transfer_group', namespace };
    case 'group_dissolved':
      return { ...event, type: 'dissolve_group', namespace };
    case 'member_removed':
      return { ...event, type: 'remove_member', namespace };
    case 'member_muted':
      return { ...event, type: 'mute_member', namespace };
    case 'message_revoked':
      return { ...event, type: 'revoke', namespace };
    case 'message_read':
      return { ...event, type: 'mark_read', namespace };
    case 'presence_changed':
      return { ...event, type: 'tell_presence', namespace };
    case 'relayed':
      return { ...event, type: 'relay', namespace };
    case 'going_away':
      return { ...event, type: 'disconnect_user', namespace };
    default:
      return event satisfies never;
  }
}

const needs = Object.entries(NEEDED)
  .map(([type, scope]) => `\`${type}\` \`${scope}\``)
  .join(', ');

export const eventRoutes: readonly Route[] = [
  route({
    id: 'publishEvent',
    method: 'POST',
    path: '/namespaces/{namespace}/events',
    tag: 'Events',
    summary: 'Publish an event',
    description: `Whoever it concerns hears it in the words of their dialect, if it has any for it. Events that change something are durable when they are answered, and need a further scope: ${needs}.`,
    scope: 'events:publish',
    alsoScopes: [...new Set(Object.values(NEEDED))],
    body: PublishedEvent,
    problems: [
      'recipient_unknown',
      'group_unknown',
      'message_unknown',
      'not_joined',
      'forbidden',
      'muted',
      'blocked',
      'unsupported',
      'recipient_queue_full',
      'store_unavailable',
    ],
    example: { type: 'group_announcement', group: 'lobby', text: 'We meet at three.' },
    handle({ hub, namespace, body, require }) {
      const needed = NEEDED[body.type];
      if (needed !== undefined) require(needed);
      return administer(hub, commandOf(namespace, body));
    },
  }),
];
