/** Connections, as the HTTP API has them. */
import { z } from 'zod';
import { Id, record } from '../model.ts';
import { named, Page, pageSchema } from './common.ts';

export const ConnectionState = named(
  'Connection',
  record({
    id: Id,
    endpoint: z.string().describe('The path that it connected to.'),
    dialect: z.string(),
    user: Id.optional().describe('Who is logged in; absent before the login, and for anonymous listeners.'),
    address: z.string().describe("The client's address, as trusted proxies give it."),
    ready: z.boolean().describe('Whether its login is complete.'),
    attending: z.int().nonnegative().describe('How many groups, topics and queues it hears.'),
    pendingBytes: z.int().nonnegative().describe('Bytes on their way to the client.'),
  }),
);
export type ConnectionState = z.infer<typeof ConnectionState>;
export const ConnectionPage = pageSchema('ConnectionPage', ConnectionState);

export const ConnectionQuery = z.strictObject({
  user: Id.optional().describe('Only those of this user.'),
  endpoint: z.string().min(1).max(1024).optional().describe('Only those of this path.'),
  ...Page.shape,
});
