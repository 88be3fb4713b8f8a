/** The one table of the API's routes. */
import { connectionRoutes } from './connections.ts';
import { eventRoutes } from './events.ts';
import { groupRoutes } from './groups.ts';
import { lossRoutes } from './losses.ts';
import { memberRoutes } from './members.ts';
import { messageRoutes } from './messages.ts';
import { operationRoutes } from './operation-routes.ts';
import type { Route } from './route.ts';
import { userRoutes } from './users.ts';

/** What every path of the API begins with. */
export const BASE = '/api/v1';

export const routes: readonly Route[] = [
  ...eventRoutes,
  ...messageRoutes,
  ...userRoutes,
  ...groupRoutes,
  ...memberRoutes,
  ...connectionRoutes,
  ...lossRoutes,
  ...operationRoutes,
];
