/** What waits in connections, summed by endpoint when `/metrics` is read: nothing is counted along the way. */
import { setImmediate } from 'node:timers/promises';
import { Gauge, type Registry } from 'prom-client';

/** Connections looked at before others get their turn. */
const SLICE = 512;

/** What waits in one connection now. */
export interface Waiting {
  /** Wire messages received and not handled, and their bytes. */
  readonly inboxMessages: number;
  readonly inboxBytes: number;
  /** Commands without an outcome. */
  readonly commands: number;
  /** Values that wait for a login or a replay. */
  readonly held: number;
  /** Bytes that the peer's kernel has not taken. */
  readonly outboxBytes: number;
}

interface MeteredConnection {
  readonly waiting: Waiting;
}

/** An endpoint, as far as this needs it. */
interface SurveyedEndpoint {
  readonly path: string;
  readonly dialect: { readonly id: string };
  readonly connections: Iterable<MeteredConnection>;
}

interface Sums {
  readonly endpoint: SurveyedEndpoint;
  inboxMessages: number;
  inboxBytes: number;
  commands: number;
  held: number;
  outboxBytes: number;
  /** The most of any connection. */
  outboxBytesMost: number;
}

type Figure = Exclude<keyof Sums, 'endpoint'>;

const GAUGES: readonly (readonly [name: string, figure: Figure, help: string])[] = [
  ['inbox_messages', 'inboxMessages', 'Wire messages received and not handled yet (limits.inbox.messages).'],
  ['inbox_bytes', 'inboxBytes', 'Their size (limits.inbox.bytes).'],
  ['commands_in_flight', 'commands', 'Commands that wait for their outcome (limits.inFlight).'],
  ['held_values', 'held', 'Values that wait for a login or a replay to end (limits.held).'],
  ['outbox_bytes', 'outboxBytes', 'Bytes that clients have not taken yet (limits.sendBuffer).'],
  ['outbox_largest_bytes', 'outboxBytesMost', 'The most of them that wait for one connection.'],
];

/** One look at all connections, in slices; whoever asks meanwhile gets the same one. */
class Survey {
  readonly #endpoints: () => Iterable<SurveyedEndpoint>;
  #underWay: Promise<readonly Sums[]> | undefined;

  constructor(endpoints: () => Iterable<SurveyedEndpoint>) {
    this.#endpoints = endpoints;
  }

  take(): Promise<readonly Sums[]> {
    this.#underWay ??= this.#look().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #look(): Promise<readonly Sums[]> {
    const all = new Map<string, Sums>();
    let seen = 0;
    for (const endpoint of this.#endpoints()) {
      // One that has replaced another one has the same labels.
      const key = `${endpoint.dialect.id} ${endpoint.path}`;
      const sums = all.get(key) ?? nothing(endpoint);
      all.set(key, sums);
      for (const { waiting } of endpoint.connections) {
        addTo(sums, waiting);
        if (++seen % SLICE === 0) await setImmediate();
      }
    }
    return [...all.values()];
  }
}

const nothing = (endpoint: SurveyedEndpoint): Sums => ({
  endpoint,
  inboxMessages: 0,
  inboxBytes: 0,
  commands: 0,
  held: 0,
  outboxBytes: 0,
  outboxBytesMost: 0,
});

function addTo(sums: Sums, { inboxMessages, inboxBytes, commands, held, outboxBytes }: Waiting): void {
  sums.inboxMessages += inboxMessages;
  sums.inboxBytes += inboxBytes;
  sums.commands += commands;
  sums.held += held;
  sums.outboxBytes += outboxBytes;
  sums.outboxBytesMost = Math.max(sums.outboxBytesMost, outboxBytes);
}

export function registerQueues(registry: Registry, endpoints: () => Iterable<SurveyedEndpoint>): void {
  const survey = new Survey(endpoints);
  for (const [name, figure, help] of GAUGES) {
    new Gauge({
      name: `dragoman_${name}`,
      help,
      labelNames: ['endpoint', 'dialect'],
      registers: [registry],
      async collect() {
        const all = await survey.take();
        this.reset();
        for (const { endpoint, [figure]: value } of all) {
          this.set({ endpoint: endpoint.path, dialect: endpoint.dialect.id }, value);
        }
      },
    });
  }
}
