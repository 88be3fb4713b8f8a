/** Business frames of clients as canonical commands: what the server face understands. */
import type { WireIdentity } from '../../core/dialect.ts';
import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import type { Relay, SendMessage } from '../../schemas/command.ts';
import type { Target } from '../../schemas/model.ts';
import { readContentType } from './content-type.ts';
import type { Login } from './login.ts';
import { bodyOf, isRepeatable } from './relay-body.ts';
import { type ClientMessageFrame, isReservedName, type PublishedFrame } from './wire.ts';

const refusal = (code: ErrorCode, detail?: string): GatewayError =>
  new GatewayError(code, detail === undefined ? {} : { detail });

const NOT_FOR_ANONYMOUS = 'log in to send';

/** The target of a `message`: a subscribed channel, or the inbox of another user, which needs no subscription. */
function messageTarget(name: string, login: Login): Target | GatewayError {
  const subscribed = login.subscriptions.targetOf(name);
  if (subscribed !== undefined) return subscribed;
  const target = login.channels.resolve(name);
  if (target instanceof GatewayError) return target;
  if (target.type === 'group') return refusal('not_subscribed');
  const id = login.identity.toCanonical(target.id);
  if (id === undefined) return refusal('recipient_unknown');
  return id === login.user.id ? refusal('not_subscribed') : { type: 'user', id };
}

/** The author that a frame claims, canonical; null if it claims none. */
function claimedSender(
  from: ClientMessageFrame['data']['from'],
  identity: WireIdentity,
): string | null | undefined {
  const id = typeof from === 'string' ? from : from?.id;
  return id ? identity.toCanonical(id) : null;
}

/** A `message` frame, or why it is refused (returned, not thrown). */
export function sentCommand(frame: ClientMessageFrame, login: Login): SendMessage | GatewayError {
  if (login.user.anonymous) return refusal('forbidden', NOT_FOR_ANONYMOUS);
  const { data } = frame;
  const target = messageTarget(frame.channel, login);
  if (target instanceof GatewayError) return target;
  const claimed = claimedSender(data.from, login.identity);
  if (claimed === undefined) return refusal('sender_mismatch');
  return {
    type: 'send_message',
    target,
    content: data.content,
    ...readContentType(data.contentType),
    ...(data.id ? { clientId: data.id } : {}),
    ...(claimed === null ? {} : { claimedSender: claimed }),
    ...(data.replyTo ? { replyTo: data.replyTo } : {}),
  };
}

/** Whether data that is passed on whole names nobody else as its author, where the dialect's own events name one. */
function isOwn(data: PublishedFrame['data'], login: Login): boolean {
  if (typeof data !== 'object' || data === null || Array.isArray(data) || !('from' in data)) return true;
  const { from } = data;
  const id = typeof from === 'object' && from !== null && 'id' in from ? from.id : from;
  if (typeof id !== 'string' && typeof id !== 'number') return true;
  return login.identity.toCanonical(String(id)) === login.user.id;
}

/** Any other event of a client, or why it is refused (returned, not thrown). */
export function publishedCommand(frame: PublishedFrame, login: Login): Relay | GatewayError {
  if (isReservedName(frame.event)) return refusal('forbidden', 'only the server sends events of this name');
  if (!login.options.clientEvents) return refusal('forbidden', 'clients publish no events here');
  if (login.user.anonymous) return refusal('forbidden', NOT_FOR_ANONYMOUS);
  const target = login.subscriptions.targetOf(frame.channel);
  if (target === undefined) return refusal('not_subscribed');
  if (frame.data !== undefined && !isRepeatable(frame.data)) {
    return refusal('frame_malformed', 'data has a number out of range');
  }
  if (!isOwn(frame.data, login)) return refusal('sender_mismatch');
  return {
    type: 'relay',
    target,
    name: frame.event,
    headers: [],
    body: bodyOf(frame.data),
    ephemeral: true,
  };
}
