/** The single router: every command of every connection goes through `perform`, and is settled exactly once. */
import type { Command } from '../../schemas/command.ts';
import type { Connection } from '../connection.ts';
import type { Outcome } from '../dialect.ts';
import { GatewayError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { joinGroup, leaveGroup, listUsers, subscribe, unsubscribe } from './attendance.ts';
import { authenticate } from './authenticate.ts';
import { settleDelivery, sync } from './deliveries.ts';
import { markRead, revokeMessage, sendBatch, sendMessage } from './messages.ts';
import { relay } from './relay.ts';

export type Done = (outcome: Outcome) => void;

export const DONE: Outcome = Object.freeze({ ok: true, result: Object.freeze({ type: 'done' }) });

/** Commands that cost nothing to anybody else and are not counted against the send rate. */
const FREE: ReadonlySet<Command['type']> = new Set(['authenticate', 'settle_delivery', 'disconnect']);

/** @throws GatewayError when the command is refused at once; otherwise `done` is called, now or later. */
export function perform(hub: Hub, connection: Connection, command: Command, done: Done): void {
  if (!FREE.has(command.type)) {
    const cost = command.type === 'send_batch' ? command.items.length : 1;
    if (!connection.rate.take(hub.wheel.now(), cost)) throw new GatewayError('rate_limited');
  }
  switch (command.type) {
    case 'authenticate':
      return authenticate(hub, connection, command, done);
    case 'send_message':
      return sendMessage(hub, connection, command, done);
    case 'send_batch':
      return sendBatch(hub, connection, command, done);
    case 'revoke_message':
      return revokeMessage(hub, connection, command, done);
    case 'mark_read':
      return markRead(hub, connection, command, done);
    case 'settle_delivery':
      return settleDelivery(hub, connection, command, done);
    case 'sync':
      return sync(hub, connection, command, done);
    case 'join_group':
      return joinGroup(hub, connection, command, done);
    case 'leave_group':
      return leaveGroup(hub, connection, command, done);
    case 'subscribe':
      return subscribe(hub, connection, command, done);
    case 'unsubscribe':
      return unsubscribe(hub, connection, command, done);
    case 'list_users':
      return listUsers(hub, connection, command, done);
    case 'relay':
      return relay(hub, connection, command, done);
    case 'report_error':
      connection.log.info(
        { code: command.code, text: command.message.slice(0, 200) },
        'the client reports an error',
      );
      return done(DONE);
    case 'disconnect':
      return done(DONE);
    default:
      command satisfies never;
  }
}
