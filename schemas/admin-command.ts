/** AdminCommands: what the business backend wants. The same router, another door. */
import { z } from 'zod';
import { EpochMs, Id, Message, Profile, record, Target } from './model.ts';

const command = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  record({ type: z.literal(type), namespace: Id, ...shape });

export const AdminCommand = z.discriminatedUnion('type', [
  command('put_user', { user: Profile }),
  command('put_group', {
    group: Id,
    name: z.string().max(256),
    description: z.string().max(4096),
    open: z.boolean(),
    owner: Id.optional(),
    members: z.array(Id).readonly(),
  }),
  command('add_member', { group: Id, user: Id }),
  command('remove_member', { group: Id, user: Id, reason: z.enum(['quit', 'kicked']) }),
  command('mute_member', { group: Id, user: Id, muted: z.boolean() }),
  command('block_user', { user: Id, blocked: Id, active: z.boolean() }),
  command('dissolve_group', { group: Id }),
  command('transfer_group', { group: Id, newOwner: Id }),
  command('announce', { group: Id, text: z.string().min(1).max(10_000) }),
  command('invite', { group: Id, inviter: Id, user: Id }),
  command('request_contact', { request: Id, from: Id, to: Id }),
  command('accept_contact', { contact: Id, to: Id }),
  command('revoke', { message: Message.unwrap().shape.id, target: Target.optional() }),
  command('disconnect_user', { user: Id, at: EpochMs.optional() }),
]);
export type AdminCommand = z.infer<typeof AdminCommand>;
export type AdminCommandOf<Type extends AdminCommand['type']> = Extract<
  AdminCommand,
  { readonly type: Type }
>;
