/**
 * Asking connections to go: each hears its dialect's goodbye once what it was promised is settled, spread over a
 * window, so that not all of them come back at once. Whoever does not go is ended.
 */
import type { Event } from '../../schemas/event.ts';
import type { Connection } from '../connection.ts';
import type { Hub } from '../hub.ts';

/** When clients may come back: they hear it where their dialect has a word for it. */
const COME_BACK_AFTER_MS = 1000;

export interface Farewell {
  /** Those that have not gone yet, whoever they are by then. */
  readonly who: () => Iterable<Connection>;
  /** Over how long the goodbyes are spread, ms; 0: all now. */
  readonly window: number;
  /** From the beginning to the end of whoever is left, ms. */
  readonly timeout: number;
}

/** Asks one connection to go. `now`: without waiting for what is under way. */
export function sayGoodbye(connection: Connection, now = false): void {
  const { namespace } = connection;
  const goodbye: Event = {
    type: 'going_away',
    namespace,
    reason: 'shutting_down',
    afterMs: COME_BACK_AFTER_MS,
  };
  connection.retire(goodbye, now);
}

/** Resolves when nobody is left. */
export async function sendAway(hub: Hub, { who, window, timeout }: Farewell): Promise<void> {
  const timers: NodeJS.Timeout[] = [];
  const after = (ms: number, act: () => void): void => {
    timers.push(setTimeout(act, Math.min(ms, timeout)));
  };
  const turns = turnsOf([...who()], window);
  // What each client's part of the closing handshake may take, twice: before the hurry, and after it.
  const patience = Math.max(
    0,
    ...turns.map(({ connection }) => connection.endpoint.config.limits.closeTimeout),
  );
  const wheelTimers = turns
    .filter(({ connection, at }) => {
      if (at === 0) sayGoodbye(connection);
      return at > 0;
    })
    .map(({ connection, at }) => hub.wheel.arm(at, () => sayGoodbye(connection)));
  after(window + patience, () => {
    for (const connection of [...who()]) sayGoodbye(connection, true);
  });
  after(window + 2 * patience, () => {
    for (const connection of [...who()]) connection.terminate();
  });
  await hub.until(() => who()[Symbol.iterator]().next().done === true);
  for (const timer of timers) clearTimeout(timer);
  for (const timer of wheelTimers) hub.wheel.cancel(timer);
}

/** Each has a moment of its own in an equal part of the window, in no order. */
function turnsOf(connections: Connection[], window: number) {
  for (let last = connections.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    const swapped = connections[last] as Connection;
    connections[last] = connections[other] as Connection;
    connections[other] = swapped;
  }
  const part = window / connections.length;
  return connections.map((connection, index) => ({
    connection,
    at: window === 0 ? 0 : Math.max(1, Math.round((index + Math.random()) * part)),
  }));
}
