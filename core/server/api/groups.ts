/** Groups. */
import { Page } from '../../../schemas/api/common.ts';
import {
  Announcement,
  GroupPage,
  GroupState,
  type GroupState as GroupView,
  PutGroup,
  Transfer,
} from '../../../schemas/api/groups.ts';
import { administer } from '../../admin.ts';
import { userIn } from '../../bridged-view.ts';
import { GatewayError } from '../../errors.ts';
import { type GroupRecord, groupIdIn, isOpenIn } from '../../groups.ts';
import type { Hub } from '../../hub.ts';
import { pageAfter, written } from './paging.ts';
import { type Route, route } from './route.ts';

const tag = 'Groups';

/** @throws GatewayError group_unknown */
export function knownGroup(hub: Hub, namespace: string, id: string): GroupRecord {
  const record = hub.groups.find(namespace, id);
  if (record === undefined) throw new GatewayError('group_unknown', { detail: id });
  return record;
}

/** A group as a namespace sees it. */
function stateOf(record: GroupRecord, namespace: string): GroupView {
  const { name, description, createdAt, owner } = record.group;
  return {
    id: groupIdIn(record, namespace),
    name,
    description,
    open: isOpenIn(record, namespace),
    ...(owner === undefined ? {} : { owner: userIn(owner, namespace).id }),
    createdAt,
    members: record.members.size,
    attending: record.attending.size,
  };
}

export const groupRoutes: readonly Route[] = [
  route({
    id: 'listGroups',
    method: 'GET',
    path: '/namespaces/{namespace}/groups',
    tag,
    summary: 'List the groups of a namespace',
    scope: 'groups:read',
    query: Page,
    result: GroupPage,
    problems: [],
    async handle({ hub, namespace, query: { after, limit }, pageSize }) {
      const { items, next } = await pageAfter(
        hub.groups.in(namespace),
        (record) => groupIdIn(record, namespace),
        {
          after,
          limit: pageSize(limit),
        },
      );
      return written(
        items.map((record) => stateOf(record, namespace)),
        next,
      );
    },
  }),
  route({
    id: 'getGroup',
    method: 'GET',
    path: '/namespaces/{namespace}/groups/{group}',
    tag,
    summary: 'Read a group',
    scope: 'groups:read',
    result: GroupState,
    problems: ['group_unknown'],
    handle: ({ hub, namespace, params }) => stateOf(knownGroup(hub, namespace, params.group), namespace),
  }),
  route({
    id: 'putGroup',
    method: 'PUT',
    path: '/namespaces/{namespace}/groups/{group}',
    tag,
    summary: 'Make a group, or change one',
    description:
      'Replaces name, description, owner and whether it is open; the members named join those who are there. Durable when it is answered.',
    scope: 'groups:write',
    body: PutGroup,
    result: GroupState,
    problems: ['recipient_unknown', 'store_unavailable'],
    example: { name: 'Release', description: 'What ships when', owner: 'alice', members: ['alice', 'bob'] },
    async handle({ hub, namespace, params: { group }, body }) {
      await administer(hub, { type: 'put_group', namespace, group, ...body });
      return stateOf(knownGroup(hub, namespace, group), namespace);
    },
  }),
  route({
    id: 'dissolveGroup',
    method: 'DELETE',
    path: '/namespaces/{namespace}/groups/{group}',
    tag,
    summary: 'Dissolve a group',
    description: 'Members and whoever attends are told. What was said in it is not deleted.',
    scope: 'groups:write',
    problems: ['group_unknown', 'store_unavailable'],
    handle: ({ hub, namespace, params: { group } }) =>
      administer(hub, { type: 'dissolve_group', namespace, group }),
  }),
  route({
    id: 'transferGroup',
    method: 'POST',
    path: '/namespaces/{namespace}/groups/{group}/transfer',
    tag,
    summary: 'Give a group to another member',
    scope: 'groups:write',
    body: Transfer,
    problems: ['group_unknown', 'recipient_unknown', 'not_joined', 'store_unavailable'],
    example: { newOwner: 'bob' },
    handle: ({ hub, namespace, params: { group }, body: { newOwner } }) =>
      administer(hub, { type: 'transfer_group', namespace, group, newOwner }),
  }),
  route({
    id: 'announce',
    method: 'POST',
    path: '/namespaces/{namespace}/groups/{group}/announcements',
    tag,
    summary: 'Announce something to a group',
    scope: 'events:publish',
    body: Announcement,
    problems: ['group_unknown'],
    example: { text: 'We meet at three.' },
    handle: ({ hub, namespace, params: { group }, body: { text } }) =>
      administer(hub, { type: 'announce', namespace, group, text }),
  }),
];
