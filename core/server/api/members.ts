/** Members of groups: who belongs, who may write, who is invited. */
import { Page } from '../../../schemas/api/common.ts';
import {
  Invitation,
  MemberPage,
  type Member as MemberView,
  RemoveMember,
} from '../../../schemas/api/groups.ts';
import type { User } from '../../../schemas/model.ts';
import { administer } from '../../admin.ts';
import { userIn } from '../../bridged-view.ts';
import { type GroupRecord, userKey } from '../../groups.ts';
import type { Hub } from '../../hub.ts';
import { knownGroup } from './groups.ts';
import { pageAfter, written } from './paging.ts';
import { type Route, route } from './route.ts';

const tag = 'Members';

/** A member as a namespace sees them: people of the other side of a bridge by the ids of guests. */
function stateOf(
  hub: Hub,
  record: GroupRecord,
  { member, namespace }: { readonly member: User; readonly namespace: string },
): MemberView {
  const { id, name } = userIn(member, namespace);
  return {
    id,
    name,
    muted: record.muted.has(userKey(member)),
    online: (hub.directory.find(member.namespace, member.id)?.connections.size ?? 0) > 0,
  };
}

export const memberRoutes: readonly Route[] = [
  route({
    id: 'listMembers',
    method: 'GET',
    path: '/namespaces/{namespace}/groups/{group}/members',
    tag,
    summary: 'List the members of a group',
    scope: 'groups:read',
    query: Page,
    result: MemberPage,
    problems: ['group_unknown'],
    async handle({ hub, namespace, params, query: { after, limit }, pageSize }) {
      const record = knownGroup(hub, namespace, params.group);
      const { items, next } = await pageAfter(
        record.members.values(),
        (member) => userIn(member, namespace).id,
        {
          after,
          limit: pageSize(limit),
        },
      );
      return written(
        items.map((member) => stateOf(hub, record, { member, namespace })),
        next,
      );
    },
  }),
  route({
    id: 'addMember',
    method: 'PUT',
    path: '/namespaces/{namespace}/groups/{group}/members/{user}',
    tag,
    summary: 'Make a user a member',
    scope: 'groups:write',
    problems: ['group_unknown', 'recipient_unknown', 'store_unavailable'],
    handle: ({ hub, namespace, params: { group, user } }) =>
      administer(hub, { type: 'add_member', namespace, group, user }),
  }),
  route({
    id: 'removeMember',
    method: 'DELETE',
    path: '/namespaces/{namespace}/groups/{group}/members/{user}',
    tag,
    summary: 'Put a member out, or let one go',
    description: 'The group is told, and so is the former member, who is not muted any more either.',
    scope: 'groups:write',
    query: RemoveMember,
    problems: ['group_unknown', 'recipient_unknown', 'not_joined', 'store_unavailable'],
    handle: ({ hub, namespace, params: { group, user }, query: { reason } }) =>
      administer(hub, { type: 'remove_member', namespace, group, user, reason }),
  }),
  ...[true, false].map((muted) =>
    route({
      id: muted ? 'mute' : 'unmute',
      method: muted ? 'PUT' : 'DELETE',
      path: '/namespaces/{namespace}/groups/{group}/mutes/{user}',
      tag,
      summary: muted ? 'Mute a user in a group' : 'Let a user write again',
      description: 'The group and the user are told.',
      scope: 'groups:write',
      problems: ['group_unknown', 'recipient_unknown', 'store_unavailable'],
      handle: ({ hub, namespace, params: { group, user } }) =>
        administer(hub, { type: 'mute_member', namespace, group, user, muted }),
    }),
  ),
  route({
    id: 'invite',
    method: 'POST',
    path: '/namespaces/{namespace}/groups/{group}/invitations',
    tag,
    summary: 'Invite a user into a group',
    description: 'The user is told. Nobody becomes a member by it.',
    scope: 'events:publish',
    body: Invitation,
    problems: ['group_unknown', 'recipient_unknown'],
    example: { inviter: 'alice', user: 'frank' },
    handle: ({ hub, namespace, params: { group }, body: { inviter, user } }) =>
      administer(hub, { type: 'invite', namespace, group, inviter, user }),
  }),
];
