/** Users, as the HTTP API has them. */
import { z } from 'zod';
import { EpochMs, Extensions, Id, MAX_ID_LENGTH, record } from '../model.ts';
import { named, pageSchema } from './common.ts';

const profile = {
  name: z.string().max(MAX_ID_LENGTH).describe('What clients show.'),
  avatar: z.string().max(4096).optional().describe('URL or path of a picture.'),
  extensions: Extensions.optional().describe('Fields that only one dialect has, by dialect id.'),
};

export const PutUser = named('PutUser', record(profile));

export const UserState = named(
  'User',
  record({
    id: Id,
    ...profile,
    online: z.boolean().describe('Whether any connection is logged in as this user.'),
    connections: z.int().nonnegative().describe('How many are.'),
  }),
);
export type UserState = z.infer<typeof UserState>;
export const UserPage = pageSchema('UserPage', UserState);

export const IdPage = pageSchema('IdPage', Id);

export const RevokeTokens = named(
  'RevokeTokens',
  record({
    before: EpochMs.optional().describe(
      'Tokens issued before this are good no more, epoch ms; without it: all that were issued until now.',
    ),
  }),
);
export const Ended = named(
  'Ended',
  record({ ended: z.int().nonnegative().describe('How many connections ended for it.') }),
);
