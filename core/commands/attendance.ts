/** Attendance: joining, subscribing, and who is there. */
import type { CommandOf } from '../../schemas/command.ts';
import type { Destination } from '../../schemas/model.ts';
import { attends } from '../attendance.ts';
import type { Connection } from '../connection.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import { type GroupRecord, userKey } from '../groups.ts';
import type { Hub } from '../hub.ts';
import { rosterOf } from '../roster.ts';
import { groupView, userView } from '../views.ts';
import { checkSender, groupToAttend, knownGroup, mayAttend, roomToAttend, speaker } from './permissions.ts';
import type { Done } from './settlement.ts';

export function joinGroup(
  hub: Hub,
  connection: Connection,
  command: CommandOf<'join_group'>,
  done: Done,
): void {
  const user = speaker(connection);
  checkSender(user, command.claimedSender);
  const record = groupToAttend(hub, connection, command.group);
  mayAttend(record, connection);
  if (attends(connection, record)) throw new GatewayError('already_joined');
  roomToAttend(connection);
  const join = (): void => {
    if (connection.isEnding) return;
    hub.attend(connection, record);
    const attending = [...record.attending.values()].map((present) =>
      userView(record, present.user, connection),
    );
    done({ ok: true, result: { type: 'joined', group: groupView(record, connection), user, attending } });
  };
  // Once a place is free again another may have been quicker: whoever holds it then is asked in turn.
  const attempt = (): void => {
    const rival = command.exclusive ? rivalOf(connection, record) : undefined;
    if (rival === undefined) {
      join();
      return;
    }
    rival.whetherAlive(connection.endpoint.config.heartbeat.probe, (alive) => {
      if (connection.isEnding) return;
      try {
        if (attends(rival, record)) {
          if (alive) throw new GatewayError('already_joined');
          hub.unattendGroup(rival, record);
          rival.terminate();
        }
        // A transient group may have gone with its last attendant, a membership may have ended meanwhile.
        const current = groupToAttend(hub, connection, command.group);
        mayAttend(current, connection);
        if (current !== record) throw new GatewayError('group_unknown');
        attempt();
      } catch (error) {
        done({ ok: false, error: toGatewayError(error) });
      }
    });
  };
  attempt();
}

/** Another connection of the same user and dialect in the same group. */
function rivalOf(connection: Connection, record: GroupRecord): Connection | undefined {
  const user = connection.user?.user;
  const present = user === undefined ? undefined : record.attending.get(userKey(user));
  for (const other of present?.connections ?? []) {
    if (other !== connection && other.endpoint.dialect === connection.endpoint.dialect) return other;
  }
  return undefined;
}

export function leaveGroup(
  hub: Hub,
  connection: Connection,
  command: CommandOf<'leave_group'>,
  done: Done,
): void {
  const user = speaker(connection);
  checkSender(user, command.claimedSender);
  const record = knownGroup(hub, connection, command.group);
  if (!attends(connection, record)) throw new GatewayError('not_joined');
  const group = groupView(record, connection);
  hub.unattendGroup(connection, record);
  done({ ok: true, result: { type: 'left', group, user } });
}

export function subscribe(
  hub: Hub,
  connection: Connection,
  command: CommandOf<'subscribe'>,
  done: Done,
): void {
  const { target } = command;
  switch (target.type) {
    case 'user':
      ownInbox(connection, target);
      if (connection.inbox) throw new GatewayError('already_subscribed');
      connection.inbox = true;
      break;
    case 'group': {
      if (connection.user === undefined) throw new GatewayError('unauthenticated');
      const existing = hub.groups.find(connection.namespace, target.id);
      if (existing !== undefined && attends(connection, existing))
        throw new GatewayError('already_subscribed');
      roomToAttend(connection);
      const record = groupToAttend(hub, connection, target.id);
      mayAttend(record, connection);
      hub.attend(connection, record);
      break;
    }
    case 'topic':
    case 'queue': {
      speaker(connection);
      const key = destinationKey(connection, target);
      if (connection.attending.has(key)) throw new GatewayError('already_subscribed');
      roomToAttend(connection);
      connection.attending.add(key);
      hub.destinations.subscribe(connection, target.type, target.id);
      break;
    }
    default:
      target.type satisfies never;
  }
  done({ ok: true, result: { type: 'subscribed', target } });
}

export function unsubscribe(
  hub: Hub,
  connection: Connection,
  command: CommandOf<'unsubscribe'>,
  done: Done,
): void {
  const { target } = command;
  switch (target.type) {
    case 'user':
      ownInbox(connection, target);
      if (!connection.inbox) throw new GatewayError('not_subscribed');
      connection.inbox = false;
      connection.deliveries.tracker.skippedAll('direct:');
      break;
    case 'group': {
      const record = hub.groups.find(connection.namespace, target.id);
      if (record === undefined || !attends(connection, record)) throw new GatewayError('not_subscribed');
      hub.unattendGroup(connection, record);
      break;
    }
    case 'topic':
    case 'queue': {
      const key = destinationKey(connection, target);
      if (!connection.attending.has(key)) throw new GatewayError('not_subscribed');
      hub.unattend(connection, key);
      break;
    }
    default:
      target.type satisfies never;
  }
  done({ ok: true, result: { type: 'unsubscribed', target } });
}

const destinationKey = (connection: Connection, { type, id }: Destination): string =>
  `${type}:${userKey({ namespace: connection.namespace, id })}`;

/** @throws GatewayError forbidden: nobody reads another user's messages */
function ownInbox(connection: Connection, target: Destination): void {
  const user = speaker(connection);
  if (target.id !== user.id) throw new GatewayError('forbidden', { detail: 'only your own messages' });
}

export function listUsers(
  hub: Hub,
  connection: Connection,
  command: CommandOf<'list_users'>,
  done: Done,
): void {
  const record = knownGroup(hub, connection, command.group);
  mayAttend(record, connection);
  const { group, online, offline } = rosterOf(hub, record, connection.namespace);
  done({ ok: true, result: { type: 'users', group, online, offline } });
}
