/** The single router: every command of every connection goes through `perform`, and is settled exactly once. */
import type { Command, CommandOf, CommandType } from '../../schemas/command.ts';
import type { Connection } from '../connection.ts';
import type { Hub } from '../hub.ts';
import { joinGroup, leaveGroup, listUsers, subscribe, unsubscribe } from './attendance.ts';
import { authenticate } from './authenticate.ts';
import { settleDelivery, sync } from './deliveries.ts';
import type { Originals } from './draft.ts';
import { markRead, revokeMessage, sendBatch, sendMessage } from './messages.ts';
import { checkRates } from './rates.ts';
import { relay } from './relay.ts';
import { performScreened } from './screened.ts';
import { DONE, type Done } from './settlement.ts';

type Handler<Type extends CommandType> = (
  hub: Hub,
  connection: Connection,
  command: CommandOf<Type>,
  done: Done,
  originals?: Originals,
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

/** @throws GatewayError when the command is refused at once; otherwise `done` is called, now or later. */
export function perform(hub: Hub, connection: Connection, command: Command, done: Done): void {
  checkRates(hub, connection, command);
  const { screen } = connection.endpoint;
  if (screen === undefined) run(hub, connection, command, done);
  else performScreened({ hub, connection, screen, done, run }, command);
}

function run(hub: Hub, connection: Connection, command: Command, done: Done, originals?: Originals): void {
  (HANDLERS[command.type] as Handler<CommandType>)(hub, connection, command as never, done, originals);
}
