/** How often a connection and its user may send: asked before every command, whoever handles it. */
import type { Command } from '../../schemas/command.ts';
import { GatewayError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import type { Participant } from '../participant.ts';

/** Commands that cost nothing to anybody else and are not counted against the send rate. */
const FREE: ReadonlySet<Command['type']> = new Set(['authenticate', 'settle_delivery', 'disconnect']);

/** Coming and going has a rate of its own: a client that subscribes to all it may at once is no flood. */
const ATTENDANCE: ReadonlySet<Command['type']> = new Set([
  'join_group',
  'leave_group',
  'subscribe',
  'unsubscribe',
]);

/** @throws GatewayError rate_limited */
export function checkRates(hub: Hub, connection: Participant, command: Command): void {
  if (FREE.has(command.type)) return;
  if (ATTENDANCE.has(command.type)) {
    if (connection.attendanceRate.take(hub.wheel.now())) return;
    connection.endpoint.metrics.countRefusal('attendance_per_connection');
    throw new GatewayError('rate_limited');
  }
  checkRate(hub, connection, command.type === 'send_batch' ? command.items.length : 1);
}

/** The send rate of a connection and of its user. @throws GatewayError rate_limited */
export function checkRate(hub: Hub, connection: Participant, cost: number): void {
  const { metrics } = connection.endpoint;
  const now = hub.wheel.now();
  if (!connection.rate.take(now, cost)) {
    metrics.countRefusal('commands_per_connection');
    throw new GatewayError('rate_limited');
  }
  if (connection.rated !== undefined) connection.userRate ??= hub.admission.rateOf(connection.rated);
  if (connection.userRate?.take(now, cost) === false) {
    metrics.countRefusal('commands_per_user');
    throw new GatewayError('rate_limited');
  }
}
