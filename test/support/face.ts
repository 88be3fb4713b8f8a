/**
 * A client face of any dialect on a real WebSocket. What core does for an upstream connection is done here in the
 * small, so that a test can send commands and hear events in canonical form.
 */
import type { WebSocket } from 'ws';
import type {
  AnyDialect,
  ConnectionContext,
  Effects,
  EndpointContext,
  Outcome,
  WireMessage,
} from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import { SessionTimers } from '../../core/session-timers.ts';
import { TimerWheel } from '../../core/timer-wheel.ts';
import type { Command } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';

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

export interface FaceOptions {
  readonly dialect: AnyDialect;
  /** Not yet open. */
  readonly socket: WebSocket;
  readonly endpoint: EndpointContext<unknown>;
  readonly connection: ConnectionContext;
  /** For error messages. */
  readonly user: string;
  /** Changes each wire message on its way out, as another implementation of the dialect might write it. */
  readonly rewrite?: (wire: string) => string;
  /** Sees each wire message before the face does. */
  readonly onWire?: (wire: WireMessage) => void;
  /** An event that has been heard is taken; with false nobody says what became of it. */
  readonly takes?: boolean;
}

const DONE: Outcome = { ok: true, result: { type: 'done' } };
/** The connection has gone: nobody will answer. */
const UNANSWERED: Outcome = { ok: false, error: new GatewayError('upstream_unavailable') };

/** Logs in once the socket is open; resolves when the face is ready, rejects when it closes. */
export async function connectFace(options: FaceOptions): Promise<Peer> {
  const { dialect, socket, endpoint, connection, user, takes = true } = options;
  const { rewrite = (wire) => wire, onWire = () => {} } = options;
  const wheel = new TimerWheel();
  const { codec, session } = dialect.client(endpoint)(connection);

  const events: Event[] = [];
  const listeners = new Set<() => void>();
  const waiting = new Map<number, (outcome: Outcome) => void>();
  const ready = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  let fault: Error | undefined;
  let nextRef = 1;

  const timers = new SessionTimers(wheel, { expire: (name) => perform(session.expire(name)) });
  const fail = (error: Error): void => {
    fault ??= error;
    ready.reject(fault);
    for (const settle of waiting.values()) settle(UNANSWERED);
    waiting.clear();
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
          if (takes) perform(session.settle(effect.ref, DONE));
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
      onWire(wire);
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
