/** A client of the STOMP dialect at RabbitMQ, as a gateway's connection for one user. */
import { WebSocket } from 'ws';
import { dialects } from '../../adapters/index.ts';
import type { WireMessage } from '../../core/dialect.ts';
import { connectionFor, endpointFor } from './drive.ts';
import { connectFace, type Peer } from './face.ts';
import type { Rabbit } from './rabbitmq.ts';

/** A group lives on a topic, of which each connection gets a copy; a user's place is a queue, which keeps. */
export const PLACES = { chat: false, groups: '/topic/group.{id}', users: '/queue/user.{id}' };

export interface RabbitPeerOptions {
  /** For whom the account speaks. */
  readonly user: string;
  /** By default the broker's own. */
  readonly login?: string;
  readonly passcode?: string;
  /** Over `PLACES`. */
  readonly upstream?: object;
  readonly heartBeat?: object;
  readonly onWire?: (wire: WireMessage) => void;
  /** An event that has been heard is taken, and its message acknowledged; with false it is left waiting. */
  readonly takes?: boolean;
}

/** Connects, logs in and resolves once the face is ready. */
export function connectToRabbit(rabbit: Rabbit, options: RabbitPeerOptions): Promise<Peer> {
  const { user, login = rabbit.user, passcode = rabbit.password, upstream = {}, heartBeat = {} } = options;
  const { onWire, takes = true } = options;
  const dialect = dialects.find(({ id }) => id === 'stomp');
  if (dialect === undefined) throw new Error('no STOMP dialect');
  // By default the broker sends bodies of any bytes in text messages; the codec knows what is UTF-8.
  const socket = new WebSocket(rabbit.url, [...dialect.subprotocols], { skipUTF8Validation: true });
  return connectFace({
    dialect,
    socket,
    user,
    takes,
    endpoint: endpointFor(dialect, { options: { upstream: { ...PLACES, ...upstream }, heartBeat } }),
    connection: connectionFor({
      credentials: [
        { kind: 'password', login, passcode },
        { kind: 'claim', user: { id: user, name: user } },
      ],
      get subprotocol() {
        return socket.protocol === '' ? undefined : socket.protocol;
      },
      newId: () => crypto.randomUUID(),
    }),
    ...(onWire === undefined ? {} : { onWire }),
  });
}
