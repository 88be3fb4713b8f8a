/** Groups and members, as the HTTP API has them. */
import { z } from 'zod';
import { EpochMs, Id, MAX_ID_LENGTH, record } from '../model.ts';
import { named, pageSchema } from './common.ts';

/** Most users who can be made members by one request. */
const MAX_NEW_MEMBERS = 1000;

const group = {
  name: z.string().max(MAX_ID_LENGTH).describe('What clients show.'),
  description: z.string().max(4096).describe('A line about the group.'),
  open: z
    .boolean()
    .describe('In an open group anybody of the namespace may attend and send; a closed one is for members.'),
  owner: Id.optional().describe('The user who owns it.'),
};

export const PutGroup = named(
  'PutGroup',
  record({
    ...group,
    description: group.description.default(''),
    open: group.open.default(false),
    members: z
      .array(Id)
      .max(MAX_NEW_MEMBERS)
      .readonly()
      .default([])
      .describe('Users who become members. Nobody is removed: that is a request of its own.'),
  }),
);

export const GroupState = named(
  'Group',
  record({
    id: Id,
    ...group,
    createdAt: EpochMs.describe('Epoch ms.'),
    members: z.int().nonnegative().describe('How many users belong to it.'),
    attending: z.int().nonnegative().describe('How many users hear it now.'),
  }),
);
export type GroupState = z.infer<typeof GroupState>;
export const GroupPage = pageSchema('GroupPage', GroupState);

export const Member = named(
  'Member',
  record({
    id: Id,
    name: z.string(),
    muted: z.boolean().describe('May read and not write.'),
    online: z.boolean(),
  }),
);
export type Member = z.infer<typeof Member>;
export const MemberPage = pageSchema('MemberPage', Member);

export const RemoveMember = z.strictObject({
  reason: z
    .enum(['kicked', 'quit'])
    .default('kicked')
    .describe('Whether it was put out or went: clients are told in different words.'),
});

export const Transfer = named('Transfer', record({ newOwner: Id.describe('A member.') }));
export const Announcement = named('Announcement', record({ text: z.string().min(1).max(10_000) }));
export const Invitation = named('Invitation', record({ inviter: Id, user: Id }));
