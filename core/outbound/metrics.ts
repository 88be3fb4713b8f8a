/** What is counted of calls to the business: how each question and each notification ended, how long attempts took, what waits. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { BreakerState } from '../circuit-breaker.ts';

/**
 * How a question or a notification ended. `allowed`, `changed`, `refused`: what the backend said. `told`: it has
 * the notification. `fetched`: keys that can be used. `dropped`: the queue was full; `given_up`: nobody took it for too long, or the gateway stopped.
 */
export type CallOutcome =
  | 'allowed'
  | 'changed'
  | 'refused'
  | 'told'
  | 'fetched'
  | 'dropped'
  | 'given_up'
  | CallFault;

/** Why there was no usable answer. */
export type CallFault =
  | 'timeout'
  | 'unreachable'
  | 'address_refused'
  | 'redirect'
  | 'status'
  | 'too_large'
  | 'invalid_answer'
  | 'breaker_open'
  | 'overloaded';

/** In seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What `/metrics` asks of each caller when it is read. */
export interface MeteredCaller {
  readonly name: string;
  readonly breakerState: BreakerState;
  /** Questions that wait for their turn. */
  readonly waiting: number;
  /** Notifications that wait. */
  readonly queued: number;
}

const BREAKER_STATES: readonly BreakerState[] = ['closed', 'half_open', 'open'];

export class OutboundMetrics {
  readonly #callers = new Map<string, MeteredCaller>();
  readonly #outcomes = new Counter({
    name: 'dragoman_hook_outcomes_total',
    help: 'Questions and notifications to the backend, by how they ended.',
    labelNames: ['hook', 'event', 'outcome'],
    registers: [],
  });
  readonly #seconds = new Histogram({
    name: 'dragoman_hook_attempt_seconds',
    help: 'How long attempts to ask or tell the backend took.',
    labelNames: ['hook', 'event'],
    buckets: BUCKETS,
    registers: [],
  });

  /** It takes the place of an earlier one of the same name. */
  add(caller: MeteredCaller): void {
    this.#callers.set(caller.name, caller);
  }

  /** There is none of this name any more. */
  remove(name: string): void {
    this.#callers.delete(name);
  }

  count(hook: string, event: string, outcome: CallOutcome): void {
    this.#outcomes.inc({ hook, event, outcome });
  }

  took(hook: string, event: string, ms: number): void {
    this.#seconds.observe({ hook, event }, ms / 1000);
  }

  /** Makes them part of what `/metrics` shows. `others` are those in force that come and go without `add`. */
  register(registry: Registry, others: () => Iterable<MeteredCaller> = () => []): void {
    registry.registerMetric(this.#outcomes);
    registry.registerMetric(this.#seconds);
    const added = this.#callers;
    const callers = (): readonly MeteredCaller[] => [...added.values(), ...others()];
    const registers = [registry];
    new Gauge({
      name: 'dragoman_hook_queue_length',
      help: 'What waits: questions for their turn, notifications to be told.',
      labelNames: ['hook', 'queue'],
      registers,
      collect() {
        this.reset();
        for (const { name, waiting, queued } of callers()) {
          this.set({ hook: name, queue: 'questions' }, waiting);
          this.set({ hook: name, queue: 'notifications' }, queued);
        }
      },
    });
    new Gauge({
      name: 'dragoman_hook_breaker_state',
      help: 'Of each hook 1 for the state of its circuit breaker, 0 for the others.',
      labelNames: ['hook', 'state'],
      registers,
      collect() {
        this.reset();
        for (const { name, breakerState } of callers()) {
          for (const state of BREAKER_STATES) this.set({ hook: name, state }, state === breakerState ? 1 : 0);
        }
      },
    });
  }
}
