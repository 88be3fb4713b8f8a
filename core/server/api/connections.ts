/** Connections: who is here, and ending that. */
import {
  ConnectionPage,
  ConnectionQuery,
  type ConnectionState as ConnectionView,
} from '../../../schemas/api/connections.ts';
import { Ended } from '../../../schemas/api/users.ts';
import { administer } from '../../admin.ts';
import type { Connection } from '../../connection.ts';
import type { Hub } from '../../hub.ts';
import { pageAfter, written } from './paging.ts';
import { type Route, route } from './route.ts';

const tag = 'Connections';

function stateOf(connection: Connection): ConnectionView {
  const { id, endpoint, user, remoteAddress: address, deliveries, attending, pendingBytes } = connection;
  return {
    id,
    endpoint: endpoint.path,
    dialect: endpoint.dialect.id,
    ...(user === undefined || user.anonymous ? {} : { user: user.user.id }),
    address,
    ready: deliveries.isReady,
    attending: attending.size,
    pendingBytes,
  };
}

function* connectionsIn(
  hub: Hub,
  namespace: string,
  { user, endpoint }: { readonly user?: string | undefined; readonly endpoint?: string | undefined },
): Generator<Connection, undefined> {
  const candidates =
    user === undefined ? hub.connections : (hub.directory.find(namespace, user)?.connections ?? []);
  for (const connection of candidates) {
    if (connection.namespace !== namespace) continue;
    if (endpoint === undefined || connection.endpoint.path === endpoint) yield connection;
  }
  return undefined;
}

export const connectionRoutes: readonly Route[] = [
  route({
    id: 'listConnections',
    method: 'GET',
    path: '/namespaces/{namespace}/connections',
    tag,
    summary: 'List the open connections of a namespace',
    scope: 'connections:read',
    query: ConnectionQuery,
    result: ConnectionPage,
    problems: [],
    async handle({ hub, namespace, query: { after, limit, ...filter }, pageSize }) {
      const { items, next } = await pageAfter(connectionsIn(hub, namespace, filter), ({ id }) => id, {
        after,
        limit: pageSize(limit),
      });
      return written(items.map(stateOf), next);
    },
  }),
  route({
    id: 'disconnect',
    method: 'DELETE',
    path: '/namespaces/{namespace}/connections/{connection}',
    tag,
    summary: 'End a connection',
    description: 'The client is told in its own words. It may come back: revoke its tokens to prevent that.',
    scope: 'connections:write',
    result: Ended,
    problems: ['recipient_unknown'],
    handle: ({ hub, namespace, params: { connection } }) =>
      administer(hub, { type: 'disconnect_connection', namespace, connection }),
  }),
  route({
    id: 'disconnectUser',
    method: 'DELETE',
    path: '/namespaces/{namespace}/users/{user}/connections',
    tag,
    summary: 'End all connections of a user',
    description:
      'The clients are told in their own words. They may come back: revoke tokens to prevent that.',
    scope: 'connections:write',
    result: Ended,
    problems: ['recipient_unknown'],
    handle: ({ hub, namespace, params: { user } }) =>
      administer(hub, { type: 'disconnect_user', namespace, user }),
  }),
];
