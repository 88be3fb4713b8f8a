/** Who and what exists from the start: users, groups, blocks, and groups joined across namespaces. */
import { z } from 'zod';
import { Extensions, Id, MAX_ID_LENGTH } from '../model.ts';

export const DEFAULT_NAMESPACE = 'main';

const Namespace = Id.default(DEFAULT_NAMESPACE).describe(
  'Users, groups and conversations of one namespace are invisible in every other.',
);

const ConfiguredUser = z
  .strictObject({
    id: Id.describe('The canonical user id, compared exactly.'),
    name: z.string().max(MAX_ID_LENGTH).optional().describe('What others see; by default the id.'),
    avatar: z.string().max(4096).optional().describe('URL or path of a picture.'),
    integer: z
      .int()
      .min(1)
      .optional()
      .describe('The number of this user on endpoints with `identity: integer`; else the next free one.'),
    namespace: Namespace,
    extensions: Extensions.optional().describe('Fields that only one dialect has, by dialect id.'),
  })
  .readonly();

const EXPECTED_TIME =
  'expected a time: epoch milliseconds, or ISO 8601 with a zone, such as "2025-01-31T09:00:00Z"';

const Time = z
  .union([z.int().nonnegative(), z.iso.datetime({ offset: true, error: EXPECTED_TIME })], {
    error: EXPECTED_TIME,
  })
  .transform((value, context) => {
    const ms = typeof value === 'number' ? value : Date.parse(value);
    if (Number.isSafeInteger(ms) && ms >= 0) return ms;
    context.addIssue({ code: 'custom', message: EXPECTED_TIME });
    return z.NEVER;
  });

const ConfiguredGroup = z
  .strictObject({
    id: Id.describe('The group id, on every wire: a room number, a topic, a channel.'),
    namespace: Namespace,
    name: z.string().max(MAX_ID_LENGTH).optional().describe('What clients show; by default the id.'),
    description: z.string().max(4096).default('').describe('A line about the group.'),
    owner: Id.optional().describe('The user who owns it.'),
    open: z
      .boolean()
      .default(false)
      .describe(
        'In an open group anybody of the namespace may attend and send; a closed one is for members.',
      ),
    members: z.array(Id).readonly().prefault([]).describe('Users who belong to it and get what they missed.'),
    muted: z.array(Id).readonly().prefault([]).describe('Users who may read and not write.'),
    createdAt: Time.optional().describe('When it was made: epoch ms, or ISO 8601 with a zone.'),
    extensions: Extensions.optional().describe('Fields that only one dialect has, by dialect id.'),
  })
  .readonly();

const Block = z
  .strictObject({
    namespace: Namespace,
    user: Id.describe('Who does not want to hear from somebody.'),
    blocked: Id.describe('Who is not heard.'),
  })
  .readonly();

const GroupReference = z
  .strictObject({ namespace: Id.describe('Its namespace.'), group: Id.describe('Its id.') })
  .readonly();

const BridgedGroup = z
  .strictObject({
    from: GroupReference.describe('One of the two groups.'),
    to: GroupReference.describe('The other one.'),
  })
  .readonly();

export const directoryShape = {
  users: z
    .array(ConfiguredUser)
    .readonly()
    .prefault([])
    .describe('Known users and their profiles. A user who is not listed may log in all the same.'),
  groups: z.array(ConfiguredGroup).readonly().prefault([]).describe('Groups that exist from the start.'),
  blocks: z.array(Block).readonly().prefault([]).describe('Who has blocked whom.'),
  bridgeGroups: z
    .array(BridgedGroup)
    .readonly()
    .prefault([])
    .describe('Joins a group across namespaces; people of the other side are shown as `guest:<id>`.'),
};

type Users = z.infer<typeof directoryShape.users>;
type Groups = z.infer<typeof directoryShape.groups>;
export type BlockConfig = z.infer<typeof Block>;
export type BridgedGroupConfig = z.infer<typeof BridgedGroup>;
/** A configured user, its name filled in. */
export type UserConfig = Readonly<Users[number] & { name: string }>;
/** A configured group, its name filled in. `createdAt` is epoch ms. */
export type GroupConfig = Readonly<Groups[number] & { name: string }>;

export const withName = <Item extends { readonly id: string; readonly name?: string | undefined }>(
  item: Item,
): Readonly<Item & { name: string }> => Object.freeze({ ...item, name: item.name ?? item.id });
