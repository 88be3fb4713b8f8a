/** Messages: checked, stored, and only then acknowledged and delivered, in `sequence` order. */
import type { CommandOf, RevokeMessage, SendMessage } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Message, Target, User } from '../../schemas/model.ts';
import { messageIn } from '../bridged-view.ts';
import type { Audience } from '../bus/port.ts';
import type { Connection } from '../connection.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import { groupIdIn } from '../groups.ts';
import type { Hub } from '../hub.ts';
import type { StoreOperation, StoreResult } from '../store/port.ts';
import { appendOf, type Originals } from './draft.ts';
import { checkSender, knownGroup, speaker } from './permissions.ts';
import { planRelay, publishRelay } from './relay.ts';
import { DONE, type Done } from './settlement.ts';

/** What is known of a batch's items: the messages to revoke, and what the client said where it was changed. */
interface Known {
  readonly found: ReadonlyMap<RevokeMessage, Message>;
  readonly originals: Originals | undefined;
}

/** What a step of a commit leads to once it is stored. */
interface Step {
  readonly operation: StoreOperation | undefined;
  /** Called in order after the sender has been told. */
  readonly publish: (result: StoreResult | undefined) => void;
}

/** `originals`: what the client said, where the message is not that. */
export function sendMessage(
  hub: Hub,
  connection: Connection,
  command: SendMessage,
  done: Done,
  originals?: Originals,
): void {
  const user = speaker(connection);
  hub.store.commit([appendOf(hub, connection, user, command, originals)], (outcome) => {
    if (!outcome.ok) {
      done(outcome);
      return;
    }
    const stored = storedResult(hub, connection, user, outcome.value[0]);
    // Before the sender is told: what the sender's connection does next must not overtake it.
    if (!stored.duplicate) publishMessage(hub, connection, user, outcome.value[0]);
    done({ ok: true, result: stored });
  });
}

export function sendBatch(
  hub: Hub,
  connection: Connection,
  command: CommandOf<'send_batch'>,
  done: Done,
  originals?: Originals,
): void {
  const user = speaker(connection);
  const revocations = command.items.filter((item) => item.type === 'revoke_message');
  if (revocations.length === 0) {
    commitBatch(hub, connection, command, { found: new Map(), originals }, done);
    return;
  }
  Promise.all(revocations.map(async (item) => [item, await findOwn(hub, user, item)] as const))
    .then((found) => commitBatch(hub, connection, command, { found: new Map(found), originals }, done))
    .catch((error: unknown) => done({ ok: false, error: toGatewayError(error) }));
}

/** Plans and commits in one go, so that ids are in the order of commits. */
function commitBatch(
  hub: Hub,
  connection: Connection,
  command: CommandOf<'send_batch'>,
  known: Known,
  done: Done,
): void {
  const user = speaker(connection);
  const steps = command.items.map((item) => planItem(hub, connection, user, item, known));
  const operations = steps.flatMap(({ operation }) => (operation === undefined ? [] : [operation]));
  hub.store.commit(operations, (outcome) => {
    if (!outcome.ok) {
      done(outcome);
      return;
    }
    let index = 0;
    for (const { operation, publish } of steps) {
      publish(operation === undefined ? undefined : outcome.value[index++]);
    }
    const stored = outcome.value
      .filter((result) => result.kind === 'append')
      .map((result) => storedResult(hub, connection, user, result));
    done({ ok: true, result: { type: 'batch_stored', stored } });
  });
}

function planItem(
  hub: Hub,
  connection: Connection,
  user: User,
  item: CommandOf<'send_batch'>['items'][number],
  { found, originals }: Known,
): Step {
  switch (item.type) {
    case 'send_message':
      return {
        operation: appendOf(hub, connection, user, item, originals),
        publish: (result) => {
          if (result?.kind === 'append' && !result.duplicate) publishMessage(hub, connection, user, result);
        },
      };
    case 'relay': {
      const planned = planRelay(hub, connection, item);
      return { operation: planned.operation, publish: () => publishRelay(hub, connection, planned) };
    }
    case 'revoke_message': {
      const message = found.get(item);
      if (message === undefined) throw new GatewayError('message_unknown');
      const { namespace, id, from } = message;
      return {
        operation: { kind: 'revoke', namespace, message: id, author: from.id },
        publish: () => publishRevocation(hub, connection, user, message),
      };
    }
    default:
      return item satisfies never;
  }
}

/** The stored message as its author's namespace sees it. */
function ownView(hub: Hub, connection: Connection, user: User, message: Message): Message {
  if (message.namespace === user.namespace || message.to.type !== 'group') return message;
  const record = hub.groups.find(message.namespace, message.to.id);
  const groupId = record === undefined ? message.to.id : groupIdIn(record, connection.namespace);
  return messageIn({ ...message, from: user }, user.namespace, groupId);
}

function storedResult(hub: Hub, connection: Connection, user: User, result: StoreResult | undefined) {
  if (result?.kind !== 'append') throw new Error('the store answered an append with something else');
  const message = ownView(hub, connection, user, result.message);
  return { type: 'stored', message, duplicate: result.duplicate } as const;
}

function audienceOf(message: {
  readonly namespace: string;
  readonly to: Target;
  readonly from: User;
}): Audience {
  const { namespace, to, from } = message;
  return to.type === 'group'
    ? { kind: 'group', namespace, group: to.id }
    : { kind: 'users', namespace, users: [to.id, from.id] };
}

function publishMessage(hub: Hub, connection: Connection, user: User, result: StoreResult | undefined): void {
  if (result?.kind !== 'append') return;
  const { message } = result;
  // Bridged namespaces see their own people under their own ids: the views are made from the real author.
  const seen = message.namespace === user.namespace ? message : Object.freeze({ ...message, from: user });
  const event: Event = {
    type: 'message',
    namespace: message.namespace,
    origin: connection.id,
    message: seen,
  };
  hub.fanOut.publish(event, audienceOf(message), connection);
}

function findOwn(hub: Hub, user: User, command: RevokeMessage): Promise<Message> {
  checkSender(user, command.claimedSender);
  return new Promise((resolve, reject) => {
    hub.store.find(
      { namespace: user.namespace, id: command.message, author: user.id, target: command.target },
      (outcome) => {
        if (!outcome.ok) reject(outcome.error);
        else if (outcome.value === undefined) reject(new GatewayError('message_unknown'));
        else if (outcome.value.from.id !== user.id) {
          reject(new GatewayError('forbidden', { detail: 'only the author may revoke a message' }));
        } else resolve(outcome.value);
      },
    );
  });
}

export function revokeMessage(hub: Hub, connection: Connection, command: RevokeMessage, done: Done): void {
  const user = speaker(connection);
  findOwn(hub, user, command).then(
    (message) => {
      const { namespace, id } = message;
      hub.store.commit([{ kind: 'revoke', namespace, message: id, author: user.id }], (outcome) => {
        if (!outcome.ok) {
          done(outcome);
          return;
        }
        publishRevocation(hub, connection, user, message);
        done(DONE);
      });
    },
    (error: unknown) =>
      done({
        ok: false,
        error: error instanceof GatewayError ? error : new GatewayError('internal', { cause: error }),
      }),
  );
}

function publishRevocation(hub: Hub, connection: Connection, user: User, message: Message): void {
  const { namespace, id, clientId, to } = message;
  const event: Event = {
    type: 'message_revoked',
    namespace,
    origin: connection.id,
    message: id,
    from: user,
    to,
    at: hub.now(),
    ...(clientId === undefined ? {} : { clientId }),
  };
  hub.fanOut.publish(event, audienceOf(message), connection);
}

/** The other side of a direct conversation hears of it; of a group only the reader's own other connections. */
export function markRead(
  hub: Hub,
  connection: Connection,
  command: CommandOf<'mark_read'>,
  done: Done,
): void {
  const user = speaker(connection);
  const { namespace } = user;
  let { target } = command;
  if (target.type === 'user' && hub.directory.find(namespace, target.id) === undefined) {
    // Some dialects name a conversation without saying of which kind it is.
    if (hub.groups.find(namespace, target.id) === undefined) throw new GatewayError('recipient_unknown');
    target = { type: 'group', id: target.id };
  }
  if (target.type === 'group') knownGroup(hub, connection, target.id);
  hub.fanOut.publish(
    {
      type: 'message_read',
      namespace,
      origin: connection.id,
      target,
      reader: user,
      at: hub.now(),
      ...(command.message === undefined ? {} : { message: command.message }),
    },
    { kind: 'users', namespace, users: target.type === 'user' ? [target.id, user.id] : [user.id] },
    connection,
  );
  done(DONE);
}
