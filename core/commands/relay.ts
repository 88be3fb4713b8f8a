/** Relayed frames: passed through whole, to a topic, a queue, or as a passing signal to a user or a group. */
import type { Relay } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Audience } from '../bus/port.ts';
import type { Connection } from '../connection.ts';
import { GatewayError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import type { StoreOperation } from '../store/port.ts';
import { knownGroup, mayWrite, recipientFor, speaker } from './permissions.ts';
import { DONE, type Done } from './settlement.ts';

export interface PlannedRelay {
  /** Present for queues: the entry is stored before the sender is told. */
  readonly operation: StoreOperation | undefined;
  readonly event: Event;
  readonly audience: Audience | undefined;
  readonly queue: { readonly namespace: string; readonly id: string } | undefined;
}

export function relay(hub: Hub, connection: Connection, command: Relay, done: Done): void {
  const planned = planRelay(hub, connection, command);
  if (planned.operation === undefined) {
    publishRelay(hub, connection, planned);
    done(DONE);
    return;
  }
  hub.store.commit([planned.operation], (outcome) => {
    if (outcome.ok) publishRelay(hub, connection, planned);
    done(outcome.ok ? DONE : outcome);
  });
}

/** Checks a relay and says what it comes to. @throws GatewayError */
export function planRelay(hub: Hub, connection: Connection, command: Relay): PlannedRelay {
  const user = speaker(connection);
  const { target, name, headers, body, ephemeral } = command;
  const id = hub.newMessageId();
  const { namespace } = user;
  const base = {
    type: 'relayed',
    origin: connection.id,
    id,
    name,
    headers,
    body,
    ephemeral,
    from: user,
  } as const;
  switch (target.type) {
    case 'queue': {
      const entry = { id, namespace, queue: target.id, name, headers, body, from: user, at: hub.now() };
      return {
        operation: { kind: 'enqueue', entry },
        event: { ...base, namespace, target },
        audience: undefined,
        queue: { namespace, id: target.id },
      };
    }
    case 'topic':
      return {
        operation: undefined,
        event: { ...base, namespace, target },
        audience: { kind: 'topic', namespace, topic: target.id },
        queue: undefined,
      };
    case 'group': {
      onlyEphemeral(ephemeral);
      const record = knownGroup(hub, connection, target.id);
      mayWrite(record, connection, user);
      const home = record.group;
      return {
        operation: undefined,
        event: { ...base, namespace: home.namespace, target: { type: 'group', id: home.id } },
        audience: { kind: 'group', namespace: home.namespace, group: home.id },
        queue: undefined,
      };
    }
    case 'user':
      onlyEphemeral(ephemeral);
      recipientFor(hub, user, target.id);
      return {
        operation: undefined,
        event: { ...base, namespace, target },
        audience: { kind: 'users', namespace, users: [target.id, user.id] },
        queue: undefined,
      };
    default:
      return target.type satisfies never;
  }
}

export function publishRelay(hub: Hub, connection: Connection, planned: PlannedRelay): void {
  if (planned.queue !== undefined) hub.destinations.stored(planned.queue.namespace, planned.queue.id);
  if (planned.audience !== undefined) hub.fanOut.publish(planned.event, planned.audience, connection);
}

function onlyEphemeral(ephemeral: boolean): void {
  if (!ephemeral) throw new GatewayError('unsupported', { detail: 'users and groups are sent messages' });
}
