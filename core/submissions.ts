/** The commands of a connection that have no outcome yet: how many they may be, and which of them hold up the rest. */
import type { Logger } from 'pino';
import type { Command } from '../schemas/command.ts';
import type { Outcome } from './dialect.ts';
import type { Endpoint } from './endpoint.ts';

/** Commands after which nothing further is received until they are settled. */
const ORDERED: ReadonlySet<Command['type']> = new Set([
  'authenticate',
  'join_group',
  'leave_group',
  'subscribe',
  'unsubscribe',
]);

/** A transaction that revokes has to look for the messages first: what follows must not overtake it. */
const isOrdered = (command: Command): boolean =>
  ORDERED.has(command.type) ||
  (command.type === 'send_batch' && command.items.some(({ type }) => type === 'revoke_message'));

/** The connection, as far as its commands need it. */
export interface SubmissionsHost {
  readonly endpoint: Endpoint;
  readonly log: Logger;
  route(command: Command, done: (outcome: Outcome) => void): void;
  settled(ref: number, command: Command, outcome: Outcome): void;
}

export class Submissions {
  readonly #host: SubmissionsHost;
  /** Ordered commands that are not settled. */
  #holding = 0;
  #inFlight = 0;

  constructor(host: SubmissionsHost) {
    this.#host = host;
  }

  /** Commands without an outcome. */
  get count(): number {
    return this.#inFlight;
  }

  /** Whether another command may come. */
  get areOpen(): boolean {
    return this.#holding === 0 && this.#inFlight < this.#host.endpoint.config.limits.inFlight;
  }

  submit(ref: number, command: Command): void {
    const { metrics, config } = this.#host.endpoint;
    metrics.commands.add(command.type);
    this.#inFlight++;
    if (this.#inFlight === config.limits.inFlight) metrics.stalls++;
    const holds = isOrdered(command);
    if (holds) this.#holding++;
    let isSettled = false;
    this.#host.route(command, (outcome) => {
      if (isSettled) {
        this.#host.log.error({ command: command.type }, 'a command was settled twice');
        return;
      }
      isSettled = true;
      this.#inFlight--;
      if (holds) this.#holding--;
      this.#host.settled(ref, command, outcome);
    });
  }
}
