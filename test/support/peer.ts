/**
 * A client of any dialect: the adapter's own client face on a real WebSocket. What core does for an upstream
 * connection is done here in the small, so that a test can send commands and hear events in canonical form.
 */
import { WebSocket } from 'ws';
import type { ConnectionContext, Effects, EndpointContext, Outcome } from '../../core/dialect.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import { SessionTimers } from '../../core/session-timers.ts';
import { TimerWheel } from '../../core/timer-wheel.ts';
import type { Command } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { TestGateway } from './gateway.ts';

export interface Peer {
  readonly user: string;
  /** All that has been heard so far. */
  readonly events: readonly Event[];
  /** Sends a command; resolves when the face has settled it. */
  deliver(command: Command): Promise<Outcome>;
  /** The first event, of those so far or to come, that satisfies the test. */
  heard(test: (event: Event) => boolean): Promise<Event>;
  close(): Promise<void>;
}

export interface PeerOptions {
  readonly path: string;
  readonly user: string;
  /** Changes each wire message on its way out, as another implementation of the dialect might write it. */
  readonly rewrite?: (wire: string) => string;
}

const DONE: Outcome = { ok: true, result: { type: 'done' } };

/** Connects, logs in and resolves once the face is ready. */
export async function connectPeer(
  gateway: TestGateway,
  { path, user, rewrite = (wire) => wire }: PeerOptions,
): Promise<Peer> {
  const endpoint = gateway.gateway.hub.endpoints.find((candidate) => candidate.path === path);
  if (endpoint === undefined) throw new Error(`no endpoint ${path}`);
  const { dialect } = endpoint;
  const token = await gateway.token(user);
  const query = dialect.loginBy === 'query' ? `?token=${token}` : '';
  const socket = new WebSocket(`${gateway.ws}${path}${query}`, [...dialect.subprotocols]);
  const wheel = new TimerWheel();
  const { codec, session } = dialect.client(contextOf(endpoint))(connectionOf(endpoint, socket, token));

  const events: Event[] = [];
  const listeners = new Set<() => void>();
  const waiting = new Map<number, (outcome: Outcome) => void>();
  const ready = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  let fault: Error | undefined;
  let nextRef = 1;

  const timers = new SessionTimers(wheel, (name) => perform(session.expire(name)));
  const fail = (error: Error): void => {
    fault ??= error;
    ready.reject(fault);
    for (const wake of listeners) wake();
  };
  const perform = (effects: Effects<unknown, Event>): void => {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'send': {
          const wire = codec.encode(effect.frame);
          socket.send(typeof wire === 'string' ? rewrite(wire) : wire);
          timers.touch('sent');
          break;
        }
        case 'route':
          events.push(effect.value);
          perform(session.settle(effect.ref, DONE));
          for (const wake of listeners) wake();
          break;
        case 'settled':
          waiting.get(effect.ref)?.(effect.outcome);
          waiting.delete(effect.ref);
          break;
        case 'timer':
          timers.set(effect.name, effect.afterMs, effect.restart);
          break;
        case 'ready':
          ready.resolve();
          break;
        case 'close':
          socket.close(1000);
          fail(new Error(`the ${dialect.id} peer of ${user} closes: ${effect.reason} ${effect.text}`));
          break;
        case 'lost':
          break;
        default:
          effect satisfies never;
      }
    }
  };
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    timers.touch('received');
    try {
      const wire = isBinary || dialect.text === 'bytes' ? data : data.toString();
      for (const frame of codec.decode(wire)) perform(session.receive(frame));
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
  socket.on('open', () => perform(session.open()));
  socket.on('error', fail);
  socket.on('close', (code: number, reason: Buffer) => {
    timers.stop();
    wheel.stop();
    closed.resolve();
    fail(new Error(`the ${dialect.id} peer of ${user} was closed with ${code} ${reason.toString()}`));
  });
  await ready.promise;

  return {
    user,
    events,
    deliver: (command) => {
      const ref = nextRef++;
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      waiting.set(ref, resolve);
      perform(session.deliver(command, ref));
      return promise;
    },
    heard: (test) => {
      const { promise, resolve, reject } = Promise.withResolvers<Event>();
      let next = 0;
      const look = (): void => {
        for (; next < events.length; next++) {
          const event = events[next] as Event;
          if (test(event)) {
            listeners.delete(look);
            resolve(event);
            return;
          }
        }
        if (fault !== undefined) reject(fault);
      };
      listeners.add(look);
      look();
      return promise;
    },
    close: async () => {
      socket.close();
      await closed.promise;
    },
  };
}

/** The endpoint as our own client sees it: what the server face was made with. */
function contextOf({ config, path, namespace, authentication }: Endpoint): EndpointContext<unknown> {
  return {
    path,
    namespace,
    authentication,
    options: config.options,
    locale: config.locale,
    limits: { frame: config.limits.frame, content: config.limits.content },
    heartbeat: { silenceMs: config.heartbeat.silence },
  };
}

function connectionOf(endpoint: Endpoint, socket: WebSocket, token: string): ConnectionContext {
  return {
    id: crypto.randomUUID(),
    credentials: [{ kind: 'token', token }],
    get subprotocol() {
      return socket.protocol === '' ? undefined : socket.protocol;
    },
    identity: endpoint.identity,
    now: Date.now,
    newId: () => crypto.randomUUID(),
  };
}
