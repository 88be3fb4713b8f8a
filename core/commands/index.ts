/** The single router: every command of every connection goes through `perform`, and is settled exactly once. */
import type { Command, CommandOf, CommandType } from '../../schemas/command.ts';
import type { Connection } from '../connection.ts';
import { GatewayError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { joinGroup, leaveGroup, listUsers, subscribe, unsubscribe } from './attendance.ts';
import { authenticate } from './authenticate.ts';
import { settleDelivery, sync } from './deliveries.ts';
import { markRead, revokeMessage, sendBatch, sendMessage } from './messages.ts';
import { relay } from './relay.ts';
import { DONE, type Done } from './settlement.ts';

/** Commands that cost nothing to anybody else and are not counted against the send rate. */
const FREE: ReadonlySet<Command['type']> = new Set(['authenticate', 'settle_delivery', 'disconnect']);

type Handler<Type extends CommandType> = (
  hub: Hub,
  connection: Connection,
  command: CommandOf<Type>,
  done: Done,
) => void;

/** One handler for each command: a new command is a compile error here until someone decides what it does. */
const HANDLERS: { readonly [Type in CommandType]: Handler<Type> } = {
  authenticate,
  send_message: sendMessage,
  send_batch: sendBatch,
  revoke_message: revokeMessage,
  mark_read: markRead,
  settle_delivery: settleDelivery,
  sync,
  join_group: joinGroup,
  leave_group: leaveGroup,
  subscribe,
  unsubscribe,
  list_users: listUsers,
  relay,
  report_error: (_hub, connection, { code, message }, done) => {
    connection.log.info({ code, text: message.slice(0, 200) }, 'the client reports an error');
    done(DONE);
  },
  disconnect: (_hub, _connection, _command, done) => done(DONE),
};

/** Coming and going has a rate of its own: a client that subscribes to all it may at once is no flood. */
const ATTENDANCE: ReadonlySet<Command['type']> = new Set([
  'join_group',
  'leave_group',
  'subscribe',
  'unsubscribe',
]);

/** @throws GatewayError when the command is refused at once; otherwise `done` is called, now or later. */
export function perform(hub: Hub, connection: Connection, command: Command, done: Done): void {
  if (ATTENDANCE.has(command.type)) {
    if (!connection.attendanceRate.take(hub.wheel.now())) {
      connection.endpoint.metrics.countRefusal('attendance_per_connection');
      throw new GatewayError('rate_limited');
    }
  } else if (!FREE.has(command.type)) {
    const cost = command.type === 'send_batch' ? command.items.length : 1;
    checkRates(hub, connection, cost);
  }
  (HANDLERS[command.type] as Handler<CommandType>)(hub, connection, command as never, done);
}

/** @throws GatewayError rate_limited */
function checkRates(hub: Hub, connection: Connection, cost: number): void {
  const { metrics } = connection.endpoint;
  const now = hub.wheel.now();
  if (!connection.rate.take(now, cost)) {
    metrics.countRefusal('commands_per_connection');
    throw new GatewayError('rate_limited');
  }
  if (connection.userRate?.take(now, cost) === false) {
    metrics.countRefusal('commands_per_user');
    throw new GatewayError('rate_limited');
  }
}
