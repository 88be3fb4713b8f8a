/** What was lost in translation, with redacted examples. */
import { LossPage, LossQuery, type LossState } from '../../../schemas/api/losses.ts';
import type { Hub } from '../../hub.ts';
import { pageAfter, written } from './paging.ts';
import { type Route, route } from './route.ts';

/** Of the endpoints in the namespaces that the key is for; an endpoint and the one that it has replaced count as one. */
function* lossesOf(
  hub: Hub,
  mayRead: (namespace: string) => boolean,
  path: string | undefined,
): Generator<LossState, undefined> {
  const seen = new Set<unknown>();
  for (const { path: endpoint, dialect, namespace, metrics } of hub.serving) {
    if (!mayRead(namespace) || (path !== undefined && path !== endpoint) || seen.has(metrics)) continue;
    seen.add(metrics);
    for (const { type: event, field, count, examples } of metrics.losses.all()) {
      yield { endpoint, dialect: dialect.id, event, field, count, examples };
    }
  }
  return undefined;
}

/** Their order, and what `after` names. */
const idOf = ({ endpoint, dialect, event, field }: LossState): string =>
  `${endpoint} ${dialect} ${event} ${field}`;

export const lossRoutes: readonly Route[] = [
  route({
    id: 'listLosses',
    method: 'GET',
    path: '/losses',
    tag: 'Losses',
    summary: 'List what dialects could not say',
    description:
      'Counted since the start, by endpoint, event and field, as `dragoman_losses_total` at `/metrics`. Only of endpoints in namespaces of the key.',
    scope: 'losses:read',
    query: LossQuery,
    result: LossPage,
    problems: [],
    async handle({ hub, query: { endpoint, after, limit }, mayUse, pageSize }) {
      const losses = lossesOf(hub, mayUse, endpoint);
      const { items, next } = await pageAfter(losses, idOf, { after, limit: pageSize(limit) });
      return written(items, next);
    },
  }),
];
