/** Users: profiles, blocks, contacts, logins. */
import { Page } from '../../../schemas/api/common.ts';
import {
  Ended,
  IdPage,
  PutUser,
  RevokeTokens,
  UserPage,
  UserState,
  type UserState as UserView,
} from '../../../schemas/api/users.ts';
import { administer } from '../../admin.ts';
import type { UserRecord } from '../../directory.ts';
import { GatewayError } from '../../errors.ts';
import type { Hub } from '../../hub.ts';
import { pageAfter, written } from './paging.ts';
import { type Route, route } from './route.ts';

const tag = 'Users';

/** @throws GatewayError recipient_unknown */
export function knownUser(hub: Hub, namespace: string, id: string): UserRecord {
  const record = hub.directory.find(namespace, id);
  if (record === undefined) throw new GatewayError('recipient_unknown', { detail: id });
  return record;
}

function stateOf({ user, connections }: UserRecord): UserView {
  const { namespace: _namespace, ...profile } = user;
  return { ...profile, online: connections.size > 0, connections: connections.size };
}

export const userRoutes: readonly Route[] = [
  route({
    id: 'listUsers',
    method: 'GET',
    path: '/namespaces/{namespace}/users',
    tag,
    summary: 'List the users of a namespace',
    description: 'Configured ones, those whom the backend has made, and whoever has logged in.',
    scope: 'users:read',
    query: Page,
    result: UserPage,
    problems: [],
    async handle({ hub, namespace, query: { after, limit }, pageSize }) {
      const users = hub.directory.in(namespace);
      const page = await pageAfter(users, ({ user }) => user.id, { after, limit: pageSize(limit) });
      return written(page.items.map(stateOf), page.next);
    },
  }),
  route({
    id: 'getUser',
    method: 'GET',
    path: '/namespaces/{namespace}/users/{user}',
    tag,
    summary: 'Read a user',
    scope: 'users:read',
    result: UserState,
    problems: ['recipient_unknown'],
    handle: ({ hub, namespace, params }) => stateOf(knownUser(hub, namespace, params.user)),
  }),
  route({
    id: 'putUser',
    method: 'PUT',
    path: '/namespaces/{namespace}/users/{user}',
    tag,
    summary: "Make a user, or replace a user's profile",
    description: 'Durable when it is answered. It stands on top of the configuration after a restart.',
    scope: 'users:write',
    body: PutUser,
    result: UserState,
    problems: ['store_unavailable'],
    example: { name: 'Grace', avatar: '/avatars/grace.png' },
    async handle({ hub, namespace, params: { user: id }, body }) {
      await administer(hub, { type: 'put_user', namespace, user: { id, ...body } });
      return stateOf(knownUser(hub, namespace, id));
    },
  }),
  route({
    id: 'listBlocks',
    method: 'GET',
    path: '/namespaces/{namespace}/users/{user}/blocks',
    tag,
    summary: 'List whom a user has blocked',
    scope: 'users:read',
    query: Page,
    result: IdPage,
    problems: ['recipient_unknown'],
    async handle({ hub, namespace, params, query: { after, limit }, pageSize }) {
      const { blocked } = knownUser(hub, namespace, params.user);
      const { items, next } = await pageAfter(blocked, (id) => id, { after, limit: pageSize(limit) });
      return written(items, next);
    },
  }),
  ...[true, false].map((active) =>
    route({
      id: active ? 'block' : 'unblock',
      method: active ? 'PUT' : 'DELETE',
      path: '/namespaces/{namespace}/users/{user}/blocks/{other}',
      tag,
      summary: active ? 'Block a user' : 'Lift a block',
      description: active
        ? '`user` does not hear from `other` any more, who is told so when it writes.'
        : '`user` hears from `other` again.',
      scope: 'users:write',
      problems: ['recipient_unknown', 'store_unavailable'],
      handle: ({ hub, namespace, params: { user, other: blocked } }) =>
        administer(hub, { type: 'block_user', namespace, user, blocked, active }),
    }),
  ),
  route({
    id: 'listContacts',
    method: 'GET',
    path: '/namespaces/{namespace}/users/{user}/contacts',
    tag,
    summary: "List a user's contacts",
    description: 'They come from `contact_accepted` events.',
    scope: 'users:read',
    query: Page,
    result: IdPage,
    problems: ['recipient_unknown'],
    async handle({ hub, namespace, params, query: { after, limit }, pageSize }) {
      const { contacts } = knownUser(hub, namespace, params.user);
      const { items, next } = await pageAfter(contacts, (id) => id, { after, limit: pageSize(limit) });
      return written(items, next);
    },
  }),
  route({
    id: 'revokeTokens',
    method: 'POST',
    path: '/namespaces/{namespace}/users/{user}/revoke-tokens',
    tag,
    summary: "Revoke a user's tokens",
    description:
      'Tokens issued before are good no more, also after a restart, and connections that rest on them end in their own words. Tokens that do not say when they were issued (of a fixed list, or of a backend that is asked) can only have their connections ended. The user need not be known yet.',
    scope: 'users:write',
    body: RevokeTokens,
    bodyOptional: true,
    result: Ended,
    problems: ['store_unavailable'],
    example: {},
    handle({ hub, namespace, params: { user }, body }) {
      return administer(hub, { type: 'revoke_tokens', namespace, user, ...body });
    },
  }),
];
