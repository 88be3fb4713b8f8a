/** What a user missed, and what a client says of its deliveries. */
import type { CommandOf } from '../../schemas/command.ts';
import { conversationKey } from '../../schemas/conversation.ts';
import type { Connection } from '../connection.ts';
import { GatewayError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { speaker } from './permissions.ts';
import { DONE, type Done } from './settlement.ts';

export function sync(_hub: Hub, connection: Connection, command: CommandOf<'sync'>, done: Done): void {
  const user = speaker(connection);
  const { groups } = connection.endpoint.policy;
  const scope =
    command.target === undefined
      ? groups === undefined
        ? {}
        : { groups }
      : { conversations: [conversationKey(command.target, user.id)] };
  connection.deliveries.replay(scope, done);
}

/** Settled when every acknowledgement is as durable as the store makes it. */
export function settleDelivery(
  hub: Hub,
  connection: Connection,
  command: CommandOf<'settle_delivery'>,
  done: Done,
): void {
  speaker(connection);
  let open = 1;
  const one = (): void => {
    if (--open === 0) done(DONE);
  };
  let unknown = 0;
  for (const delivery of command.deliveries) {
    open++;
    const known =
      delivery.kind === 'queue'
        ? hub.destinations.settle(connection, delivery.queue, delivery.delivery, command.accepted, one)
        : connection.deliveries.acknowledge(delivery.conversation, delivery.sequence, command.accepted, one);
    if (!known) {
      unknown++;
      open--;
    }
  }
  if (unknown === command.deliveries.length)
    throw new GatewayError('message_unknown', { detail: 'no such delivery' });
  one();
}
