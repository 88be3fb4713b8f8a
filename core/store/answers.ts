/** Answers that are known at once but must come later, in the order of the calls. */
import type { StoreCallback, StoreOutcome } from './port.ts';

/**
 * Runs callbacks in a microtask after the calls, in call order; one that throws keeps no other from its
 * answer, and its error surfaces as an uncaught one.
 */
export class AnswerQueue {
  private waiting: Answer[] = [];
  private idle: (() => void)[] = [];
  private scheduled = false;

  answer<Value>(done: StoreCallback<Value>, outcome: StoreOutcome<Value>): void {
    this.waiting.push({ done: done as StoreCallback<unknown>, outcome });
    this.schedule();
  }

  /** Resolves when nothing waits for its answer. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.idle.push(resolve);
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(this.flush);
  }

  private readonly flush = (): void => {
    this.scheduled = false;
    const batch = this.waiting;
    this.waiting = [];
    for (const { done, outcome } of batch) answerSafely(done, outcome);
    if (this.waiting.length > 0) return;
    const { idle } = this;
    this.idle = [];
    for (const resolve of idle) resolve();
  };
}

interface Answer {
  readonly done: StoreCallback<unknown>;
  readonly outcome: StoreOutcome<unknown>;
}

/** An error of the caller's own stays visible but does not stop what comes after it. */
export function answerSafely<Outcome>(done: (outcome: Outcome) => void, outcome: Outcome): void {
  try {
    done(outcome);
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}

/** The answer of one call as a promise. It rejects with the outcome's error. */
export const promised = <Value>(call: (done: StoreCallback<Value>) => void): Promise<Value> =>
  new Promise((resolve, reject) => {
    call((outcome) => (outcome.ok ? resolve(outcome.value) : reject(outcome.error)));
  });
