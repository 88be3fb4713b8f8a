/** Which channels a connection may ask for. Membership of closed groups is the router's to check. */
import { GatewayError } from '../../core/errors.ts';
import type { Target } from '../../schemas/model.ts';
import { PRIVATE_PREFIX } from './channels.ts';
import type { Login } from './login.ts';
import { isAuthorized } from './signature.ts';
import type { SubscribeFrame } from './wire.ts';

/** The canonical target of the channel, or why it is refused (returned, not thrown). */
export function admit(data: SubscribeFrame['data'], login: Login): Target | GatewayError {
  const { subscriptions, identity, user } = login;
  const { maxSubscriptions } = login.options;
  if (subscriptions.targetOf(data.channel) !== undefined) return new GatewayError('already_subscribed');
  if (subscriptions.size >= maxSubscriptions) {
    return new GatewayError('limit_exceeded', { detail: `${maxSubscriptions} channels on one connection` });
  }
  const target = login.channels.resolve(data.channel);
  if (target instanceof GatewayError) return target;
  const unsigned = missingSignature(data, login);
  if (unsigned !== undefined) return new GatewayError('forbidden', { detail: unsigned });
  if (target.type === 'group') return target;
  return identity.toCanonical(target.id) === user.id
    ? { type: 'user', id: user.id }
    : new GatewayError('forbidden', { detail: 'the channel is the inbox of another user' });
}

/** What is wrong with the signature; undefined if it is good or the channel needs none. Never says which key or why. */
function missingSignature({ channel, auth }: SubscribeFrame['data'], login: Login): string | undefined {
  if (!channel.startsWith(PRIVATE_PREFIX)) return undefined;
  const { keys, socketId } = login;
  if (keys.size === 0) return 'private channels are not set up on this endpoint';
  if (!auth) return 'a private channel needs auth';
  return isAuthorized(keys, auth, { socketId, channel })
    ? undefined
    : 'auth is not valid for this connection and channel';
}
