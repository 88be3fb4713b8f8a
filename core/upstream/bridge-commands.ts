/** What a bridge does with commands that are not simply the server's. */
import type { Command, CommandOf } from '../../schemas/command.ts';
import { DONE, type Done } from '../commands/settlement.ts';
import type { Connection } from '../connection.ts';
import { GatewayError } from '../errors.ts';
import type { Bridged } from './bridged-clients.ts';

/** @throws GatewayError content_too_long, limit_exceeded */
export function checkSize(connection: Connection, { link }: Bridged, command: Command): void {
  const { config, metrics } = connection.endpoint;
  const { limits } = config;
  const items = command.type === 'send_batch' ? command.items : [command];
  for (const item of items) {
    if (item.type !== 'send_message' || item.content.length <= limits.content) continue;
    if ([...item.content].length > limits.content) {
      throw new GatewayError('content_too_long', {
        detail: `at most ${limits.content} characters`,
        ...(item.clientId === undefined ? {} : { messageId: item.clientId }),
      });
    }
  }
  const joins = command.type === 'join_group' || command.type === 'subscribe';
  if (joins && link.attendance.size >= limits.subscriptions) {
    connection.log.info('too many subscriptions');
    metrics.countRefusal('subscriptions');
    throw new GatewayError('limit_exceeded', {
      detail: `at most ${limits.subscriptions} subscriptions on a connection`,
    });
  }
}

/** What an answer says of who is there is news for the list. */
export function watched(bridged: Bridged, command: Command, done: Done): Done {
  if (bridged.roster === undefined) return done;
  return (outcome) => {
    const { roster } = bridged;
    const result = outcome.ok ? outcome.result : undefined;
    if (result?.type === 'joined') roster?.joined(result.group, result.attending);
    const isAsked = command.type === 'list_users' && command.group === roster?.group.id;
    if (isAsked && !outcome.ok && outcome.error.code === 'unsupported') {
      done({
        ok: true,
        result: { type: 'users', group: roster.group, online: roster.online, offline: [] },
      });
    } else {
      done(outcome);
    }
  };
}

/** Messages are acknowledged to us, entries of a queue to the server. */
export function settleDeliveries(
  connection: Connection,
  { link }: Bridged,
  command: CommandOf<'settle_delivery'>,
  done: Done,
): void {
  const { accepted } = command;
  const entries = command.deliveries.filter(({ kind }) => kind === 'queue');
  let known = entries.length > 0;
  for (const delivery of command.deliveries) {
    if (delivery.kind !== 'message') continue;
    const { conversation, sequence } = delivery;
    if (!connection.deliveries.acknowledge(conversation, sequence, accepted, () => {})) continue;
    known = true;
    if (!accepted) link.incoming.refused(conversation, sequence);
  }
  if (!known) throw new GatewayError('message_unknown', { detail: 'no such delivery' });
  if (entries.length === 0) done(DONE);
  else link.submit({ type: 'settle_delivery', deliveries: entries, accepted }, done, undefined);
}
