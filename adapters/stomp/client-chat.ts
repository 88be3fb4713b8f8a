/** How chat is said to a server: to a chat service at its own destinations, to a general broker at those of the options. */
import type { ConnectionContext, EndpointContext } from '../../core/dialect.ts';
import type { CommandOf } from '../../schemas/command.ts';
import type { Destination, User } from '../../schemas/model.ts';
import { fillPlace } from './broker-places.ts';
import { sayMessage } from './chat.ts';
import { storedResult } from './client-answers.ts';
import { chatFrame, messageFrame } from './client-frames.ts';
import type { PeerSubscriptions } from './client-subscriptions.ts';
import { GROUP_PREFIX, INBOX } from './destinations.ts';
import type { Options } from './options.ts';
import type { StompFrame } from './wire.ts';

export type ChatCommand = CommandOf<'send_message' | 'revoke_message' | 'sync'>;

export interface PeerChat {
  /** Whether the server has a word for the command. */
  readonly has: (command: ChatCommand) => boolean;
  /** The SEND, or undefined if the recipient has no place there. */
  readonly frame: (command: ChatCommand, messageId: string, self: User) => StompFrame | undefined;
  /** Where a user or group is subscribed to; undefined if it has no place there. */
  readonly placeOf: (target: Destination) => string | undefined;
  /** What is subscribed to at login: a chat service's queues of a user, or the user's place at a broker. */
  readonly atLogin: (subscriptions: PeerSubscriptions, self: User) => readonly StompFrame[];
}

export function chatOf(endpoint: EndpointContext<Options>, connection: ConnectionContext): PeerChat {
  return endpoint.options.upstream.chat ? atService(endpoint, connection) : atBroker(endpoint, connection);
}

function atService({ options }: EndpointContext<Options>, { identity }: ConnectionContext): PeerChat {
  const desk = { identity, appId: options.appId };
  return {
    has: () => true,
    atLogin: (subscriptions) => subscriptions.addOwn(options.upstream.acknowledge),
    frame: (command, messageId) => chatFrame(command, messageId, desk),
    placeOf: (target) => (target.type === 'user' ? INBOX : `${GROUP_PREFIX}${target.id}`),
  };
}

/** Nobody behind the broker turns a SEND into a message: it goes out as its readers get it. */
function atBroker({ options }: EndpointContext<Options>, connection: ConnectionContext): PeerChat {
  const { groups, users } = options.upstream;
  const { identity, credentials } = connection;
  // A broker does not say who one is: without a name, messages would be everybody's.
  const hasName = credentials.some(({ kind }) => kind === 'claim' || kind === 'password');
  const placeOf: PeerChat['placeOf'] = ({ type, id }) => {
    if (type === 'group') return groups === null ? undefined : fillPlace(groups, id);
    const wireId = identity.toWire(id);
    return users === null || wireId === undefined ? undefined : fillPlace(users, wireId);
  };
  return {
    placeOf,
    atLogin: (subscriptions, { id }) => {
      const self: Destination = { type: 'user', id };
      const place = hasName ? placeOf(self) : undefined;
      return place === undefined ? [] : [subscriptions.add(place, self, options.upstream.acknowledge)];
    },
    has: (command) =>
      hasName &&
      command.type === 'send_message' &&
      (command.target.type === 'group' ? groups : users) !== null,
    frame: (command, messageId, user) => {
      if (command.type !== 'send_message') return undefined;
      const destination = placeOf(command.target);
      const { message } = storedResult(command, messageId, { user, sentAt: connection.now() });
      const said = sayMessage(message, identity);
      return destination === undefined || said === undefined
        ? undefined
        : messageFrame(destination, said.json);
    },
  };
}
