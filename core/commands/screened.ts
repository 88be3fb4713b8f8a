/**
 * Where the backend is asked before a message is stored: everything that a connection wants runs in the order in
 * which it was said, although answers come in any order.
 */
import type { Command, SendMessage } from '../../schemas/command.ts';
import type { Connection } from '../connection.ts';
import { toGatewayError } from '../errors.ts';
import { Line } from '../hooks/line.ts';
import type { Screen } from '../hooks/screen.ts';
import type { Hub } from '../hub.ts';
import { checkMessage, type Originals } from './draft.ts';
import { speaker } from './permissions.ts';
import type { Done } from './settlement.ts';

/** Does what a command wants; throws or settles. */
export type Run = (
  hub: Hub,
  connection: Connection,
  command: Command,
  done: Done,
  originals?: Originals,
) => void;

/** Commands that no message before them has anything to do with. */
const PASSING: ReadonlySet<Command['type']> = new Set(['settle_delivery', 'report_error']);

const lines = new WeakMap<Connection, Line>();

function lineOf(hub: Hub, connection: Connection): Line {
  const known = lines.get(connection);
  if (known !== undefined) return known;
  const line = new Line((error) => hub.log.error({ err: error }, 'a command could not be carried out'));
  lines.set(connection, line);
  return line;
}

interface Turn {
  readonly hub: Hub;
  readonly connection: Connection;
  readonly screen: Screen;
  readonly done: Done;
  readonly run: Run;
}

/** @throws GatewayError when the command is refused at once; otherwise `done` is called, now or later. */
export function performScreened(turn: Turn, command: Command): void {
  const { hub, connection, done, run } = turn;
  if (PASSING.has(command.type)) {
    run(hub, connection, command, done);
    return;
  }
  const line = lineOf(hub, connection);
  const asked = messagesOf(command);
  if (asked.length === 0) {
    if (line.isEmpty) run(hub, connection, command, done);
    else line.ready(line.join(), () => carryOut(turn, command));
    return;
  }
  const place = line.join();
  // A refusal waits for its turn as well: it is not said before what came earlier has been dealt with.
  ask(turn, asked).then(
    (originals) =>
      line.ready(place, () => carryOut(turn, withChanges(command, originals), inverse(originals))),
    (error: unknown) => line.ready(place, () => refuse(turn, error)),
  );
}

function messagesOf(command: Command): readonly SendMessage[] {
  if (command.type === 'send_message') return [command];
  return command.type === 'send_batch' ? command.items.filter((item) => item.type === 'send_message') : [];
}

/** What became of each message. What is not allowed anyway is nothing to ask about. */
async function ask(
  { hub, connection, screen }: Turn,
  messages: readonly SendMessage[],
): Promise<ReadonlyMap<SendMessage, SendMessage>> {
  for (const message of messages) checkMessage(hub, connection, message);
  const { namespace, id } = speaker(connection);
  const user = hub.directory.userOf(namespace, id);
  const passed = messages.map(async (message) => [message, await screen.pass(user, message)] as const);
  return new Map(await Promise.all(passed));
}

function withChanges(command: Command, passed: ReadonlyMap<SendMessage, SendMessage>): Command {
  if (command.type === 'send_message') return passed.get(command) ?? command;
  if (command.type !== 'send_batch') return command;
  const items = command.items.map((item) =>
    item.type === 'send_message' ? (passed.get(item) ?? item) : item,
  );
  return { ...command, items };
}

const inverse = (passed: ReadonlyMap<SendMessage, SendMessage>): Originals =>
  new Map([...passed].flatMap(([said, made]) => (said === made ? [] : [[made, said] as const])));

/**
 * The state of the gateway may be another by now: everything is checked again. Of a connection that the gateway
 * has ended meanwhile nothing is done any more; a client that has left by itself has said what it has said.
 */
function carryOut(turn: Turn, command: Command, originals?: Originals): void {
  const { hub, connection, done, run } = turn;
  if (connection.wasEnded) return;
  try {
    run(hub, connection, command, done, originals);
  } catch (error) {
    done({ ok: false, error: toGatewayError(error) });
  }
}

function refuse({ connection, done }: Turn, error: unknown): void {
  if (!connection.wasEnded) done({ ok: false, error: toGatewayError(error) });
}
