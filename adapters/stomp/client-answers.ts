/** The results that we give for commands which a STOMP server answers with a bare RECEIPT. */
import type { ConnectionContext, Effect, EndpointContext } from '../../core/dialect.ts';
import { GatewayError, type Locale } from '../../core/errors.ts';
import { explain, lost } from '../../core/session-kit.ts';
import type { Command, CommandOf } from '../../schemas/command.ts';
import type { Group, User } from '../../schemas/model.ts';
import type { Result, ResultOf } from '../../schemas/outcome.ts';
import type { Options } from './options.ts';
import type { StompFrame } from './wire.ts';

/** What is known of us and the time. */
export interface Self {
  readonly user: User;
  readonly sentAt: number;
}

/** The stored message, as far as a sender knows it: id, sequence and time are the server's and not told. */
export const storedResult = (
  command: CommandOf<'send_message'>,
  id: string,
  self: Self,
): ResultOf<'stored'> => ({
  type: 'stored',
  duplicate: false,
  message: {
    id,
    clientId: id,
    namespace: self.user.namespace,
    sequence: 1,
    from: self.user,
    to: command.target,
    content: command.content,
    contentType: command.contentType,
    sentAt: self.sentAt,
    ...(command.replyTo === undefined ? {} : { replyTo: command.replyTo }),
    ...(command.attachment === undefined ? {} : { attachment: command.attachment }),
    ...(command.extensions === undefined ? {} : { extensions: command.extensions }),
  },
});

/** A group of which nothing but its id is known. */
const bareGroup = (namespace: string, id: string): Group => ({
  namespace,
  id,
  name: id,
  description: '',
  createdAt: 0,
  open: true,
});

/** Attendance results for a SUBSCRIBE or UNSUBSCRIBE of a group's topic: who else is there is not told. */
export function attendanceResult(
  command: CommandOf<'subscribe' | 'unsubscribe' | 'join_group' | 'leave_group'>,
  user: User,
): Result {
  switch (command.type) {
    case 'subscribe':
      return { type: 'subscribed', target: command.target };
    case 'unsubscribe':
      return { type: 'unsubscribed', target: command.target };
    case 'join_group':
      return { type: 'joined', group: bareGroup(user.namespace, command.group), user, attending: [user] };
    case 'leave_group':
      return { type: 'left', group: bareGroup(user.namespace, command.group), user };
    default:
      return command satisfies never;
  }
}

export const DONE: Result = Object.freeze({ type: 'done' });

export const settled = (ref: number, result: Result): Effect<StompFrame, never> => ({
  kind: 'settled',
  ref,
  outcome: { ok: true, result },
});

export const failed = (ref: number, error: GatewayError): Effect<StompFrame, never> => ({
  kind: 'settled',
  ref,
  outcome: { ok: false, error },
});

export const unsupported = (command: Command, ref: number): readonly Effect<StompFrame, never>[] => [
  lost(command.type),
  failed(ref, new GatewayError('unsupported')),
];

/** How the connection ends after an ERROR. */
export function closeAfter(
  error: GatewayError,
  connecting: boolean,
  locale: Locale,
): Effect<StompFrame, never> {
  const later = error.code === 'token_expired' ? error.code : 'upstream_unavailable';
  const reason = connecting ? 'unauthenticated' : later;
  return { kind: 'close', reason, text: explain(error, locale) };
}

/**
 * Who we are until the server says so by `user-name`: for whom we log in, or else what we log in as, as far as that has
 * a name.
 */
export function selfOf(endpoint: EndpointContext<Options>, connection: ConnectionContext): User {
  const { namespace } = endpoint;
  const claim = connection.credentials.find(({ kind }) => kind === 'claim');
  if (claim?.kind === 'claim') return { namespace, ...claim.user };
  for (const credential of connection.credentials) {
    if (credential.kind !== 'password') continue;
    const id = connection.identity.toCanonical(credential.login);
    if (id !== undefined && id !== '') return { namespace, id, name: credential.login };
  }
  return { namespace, id: 'self', name: 'self' };
}
