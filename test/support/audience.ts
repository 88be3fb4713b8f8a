/** One client of each dialect, and exactly what each of them hears between two moments. */
import type { TestGateway } from './gateway.ts';
import { connectRaw, type RawClient } from './raw-client.ts';
import { connectSocket, roomFrame, speakers } from './speakers.ts';
import { connectStomp, readStomp, stomp } from './stomp-wire.ts';

export interface Listener {
  readonly client: RawClient;
  /** What came since it was asked last, parsed. It is asked something: what it heard came before the answer. */
  heard(): Promise<readonly unknown[]>;
}

interface Manner {
  /** Asks what is answered at once, and to nobody else. */
  readonly ask: (client: RawClient, count: number) => void;
  readonly isAnswer: (wire: string, count: number) => boolean;
  readonly read: (wire: string) => unknown;
}

const parsed = (wire: string): Record<string, unknown> => JSON.parse(wire) as Record<string, unknown>;

const MANNERS: Readonly<Record<string, Manner>> = {
  json: {
    ask: (client) => client.send({ type: 'ping' }),
    isAnswer: (wire) => parsed(wire).type === 'pong',
    read: parsed,
  },
  room: {
    ask: (client) => client.send(roomFrame(4, 1, {})),
    isAnswer: (wire) => parsed(wire).status === 0,
    read: parsed,
  },
  socket: {
    ask: (client, count) => client.send({ event: 'socket:ping', data: { id: String(count) } }),
    isAnswer: (wire) => parsed(wire).event === 'socket:pong',
    read: parsed,
  },
  ourchat: {
    ask: (client) => client.send({ type: 'NO_SUCH' }),
    isAnswer: (wire) => parsed(wire).type === 'ERROR',
    read: parsed,
  },
  stomp: {
    ask(client, count) {
      client.send(stomp('BEGIN', { transaction: `t${count}` }));
      client.send(stomp('ABORT', { transaction: `t${count}`, receipt: `t${count}` }));
    },
    isAnswer: (wire, count) => readStomp(wire)?.headers['receipt-id'] === `t${count}`,
    read(wire) {
      const frame = readStomp(wire);
      return { destination: frame?.headers.destination, ...parsed(frame?.body ?? '{}') };
    },
  },
};

/** `ignore`: frames of this dialect that come whenever they like. */
export function listenerOf(
  dialect: string,
  client: RawClient,
  ignore: (value: unknown) => boolean = () => false,
): Listener {
  const manner = MANNERS[dialect] as Manner;
  let count = 0;
  let from = client.received.length;
  return {
    client,
    async heard() {
      count++;
      manner.ask(client, count);
      for (let at = from; ; at++) {
        while (client.received.length <= at) await client.next();
        const wire = client.received[at] as string;
        if (!manner.isAnswer(wire, count)) continue;
        const values = client.received.slice(from, at).map(manner.read);
        from = at + 1;
        return values.filter((value) => !ignore(value));
      }
    },
  };
}

export type Audience = Readonly<Record<string, Listener>>;

/**
 * alice, bob, carol, dave and erin in the lobby, each through another dialect; frank, who belongs to nothing,
 * and an alice of another namespace, at `/elsewhere`.
 */
export async function gather(gateway: TestGateway): Promise<Audience> {
  const isList = (value: unknown): boolean => (value as { type?: string }).type === 'USER_LIST';
  const alice = listenerOf('json', await speakers.json.enter(gateway, 'alice'));
  const frank = listenerOf('json', await speakers.json.enter(gateway, 'frank'));
  const stranger = await connectRaw(await gateway.url('/elsewhere', 'alice'));
  await stranger.nextJson(({ type }) => type === 'auth_success');
  const dave = listenerOf('ourchat', await speakers.ourchat.enter(gateway, 'dave'), isList);
  const carol = listenerOf('socket', await connectSocket(gateway, 'carol', ['group:lobby', 'user:carol']));
  const destinations = ['/topic/group/lobby', '/user/queue/messages', '/user/queue/events'];
  const erin = listenerOf('stomp', await connectStomp(gateway, 'erin', destinations));
  const bob = listenerOf('room', await speakers.room.enter(gateway, 'bob'));
  const audience = { alice, bob, carol, dave, erin, frank, stranger: listenerOf('json', stranger) };
  for (const listener of Object.values(audience)) await listener.heard();
  return audience;
}

/** What each of them has heard, those who heard nothing left out. */
export async function heardBy(audience: Audience): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const heard: Record<string, readonly unknown[]> = {};
  for (const [name, listener] of Object.entries(audience)) {
    const values = await listener.heard();
    if (values.length > 0) heard[name] = values;
  }
  return heard;
}

/** An endpoint of another namespace, where the same tokens are good. */
export const ELSEWHERE =
  '\n  - path: /elsewhere\n    dialect: json\n    auth: demo\n    namespace: elsewhere\n';
