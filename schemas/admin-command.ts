/** AdminCommands: what the business backend wants. The same router, another door. */
import { z } from 'zod';
import {
  Attachment,
  Destination,
  EpochMs,
  Extensions,
  Headers,
  Id,
  Message,
  Profile,
  RelayBody,
  record,
  Target,
} from './model.ts';

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
  /** By the gateway's id, or with `author` by the author's own. */
  command('revoke', {
    message: Message.unwrap().shape.id,
    author: Id.optional(),
    target: Target.optional(),
  }),
  command('disconnect_user', { user: Id, at: EpochMs.optional() }),
  command('disconnect_connection', { connection: Id }),
  /** Tokens issued before \`before\` are good no more; without it: all that were issued until now. */
  command('revoke_tokens', { user: Id, before: EpochMs.optional() }),
  /** To the users of \`to\`; without it: to whoever hears of the user's own coming and going. */
  command('tell_presence', { user: Id, online: z.boolean(), to: z.array(Id).readonly().optional() }),
  /** In the name of \`from\`, who must be known; without it: in the system's. \`clientId\` as a client's. */
  command('send_message', {
    from: Id.optional(),
    target: Target,
    content: z.string(),
    contentType: z.string().min(1).max(64),
    clientId: Id.optional(),
    replyTo: Id.optional(),
    attachment: Attachment.optional(),
    extensions: Extensions.optional(),
  }),
  command('relay', {
    from: Id.optional(),
    target: Destination,
    name: z.string().max(256),
    headers: Headers,
    body: RelayBody,
    ephemeral: z.boolean(),
  }),
  command('mark_read', { reader: Id, target: Target, message: Id.optional() }),
]);
export type AdminCommand = z.infer<typeof AdminCommand>;
export type AdminCommandOf<Type extends AdminCommand['type']> = Extract<
  AdminCommand,
  { readonly type: Type }
>;
