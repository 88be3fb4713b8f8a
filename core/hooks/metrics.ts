/** What is counted of hooks: how each question and each notification ended, how long attempts took, what waits. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { BreakerState } from '../circuit-breaker.ts';

/**
 * How a question or a notification ended. `allowed`, `changed`, `refused`: what the backend said. `told`: it has
 * the notification. `dropped`: the queue was full; `given_up`: nobody took it for too long, or the gateway stopped.
 */
export type HookOutcome = 'allowed' | 'changed' | 'refused' | 'told' | 'dropped' | 'given_up' | HookFault;

/** Why there was no usable answer. */
export type HookFault =
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

/** What `/metrics` asks of each hook when it is read. */
export interface MeteredHook {
  readonly name: string;
  readonly breakerState: BreakerState;
  /** Questions that wait for their turn. */
  readonly waiting: number;
  /** Notifications that wait. */
  readonly queued: number;
}

const BREAKER_STATES: readonly BreakerState[] = ['closed', 'half_open', 'open'];

export class HookMetrics {
  readonly #hooks = new Map<string, MeteredHook>();
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
  add(hook: MeteredHook): void {
    this.#hooks.set(hook.name, hook);
  }

  /** There is none of this name any more. */
  remove(name: string): void {
    this.#hooks.delete(name);
  }

  count(hook: string, event: string, outcome: HookOutcome): void {
    this.#outcomes.inc({ hook, event, outcome });
  }

  took(hook: string, event: string, ms: number): void {
    this.#seconds.observe({ hook, event }, ms / 1000);
  }

  /** Makes them part of what `/metrics` shows. */
  register(registry: Registry): void {
    registry.registerMetric(this.#outcomes);
    registry.registerMetric(this.#seconds);
    const hooks = this.#hooks;
    const registers = [registry];
    new Gauge({
      name: 'dragoman_hook_queue_length',
      help: 'What waits: questions for their turn, notifications to be told.',
      labelNames: ['hook', 'queue'],
      registers,
      collect() {
        this.reset();
        for (const { name, waiting, queued } of hooks.values()) {
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
        for (const { name, breakerState } of hooks.values()) {
          for (const state of BREAKER_STATES) this.set({ hook: name, state }, state === breakerState ? 1 : 0);
        }
      },
    });
  }
}
