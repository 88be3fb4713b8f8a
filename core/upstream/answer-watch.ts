/**
 * Sees to it that every command is answered in time. One overdue answer among others is its own matter; a server
 * that answers nothing is as good as gone. While the server is not read, its answers can't be seen.
 */
import type { TimerWheel, WheelTimer } from '../timer-wheel.ts';
import type { Asked, Correlation } from './correlation.ts';

export interface AnswerWatchParts {
  readonly asked: Correlation;
  readonly wheel: TimerWheel;
  /** ms */
  readonly answerTimeout: number;
  /** Whether the server is not read now. */
  isPaused(): boolean;
  /** This one will not be answered. */
  overdue(asked: Asked): void;
  /** The server answers nothing. */
  silent(): void;
}

export class AnswerWatch {
  readonly #parts: AnswerWatchParts;
  #timer: WheelTimer | undefined;
  /** What had been asked when the server last answered: no clock is fine enough to tell which of the two came first. */
  #askedBefore = 0;
  /** Since when the server is read without a pause, monotonic ms. */
  #readSince = 0;

  constructor(parts: AnswerWatchParts) {
    this.#parts = parts;
  }

  /** The server has said something that answers, or has let us in. */
  answered(): void {
    this.#askedBefore = this.#parts.asked.newestRef;
  }

  /** The server is read again. */
  resumed(): void {
    this.#readSince = this.#parts.wheel.now();
  }

  /** Something is asked. */
  watch(): void {
    if (this.#timer !== undefined) return;
    const { wheel, asked } = this.#parts;
    const due = this.#dueAt(asked.oldest?.[1].at ?? wheel.now());
    this.#timer = wheel.arm(Math.max(1, due - wheel.now()), () => {
      this.#timer = undefined;
      this.#check();
    });
  }

  stop(): void {
    if (this.#timer !== undefined) this.#parts.wheel.cancel(this.#timer);
  }

  #dueAt(askedAt: number): number {
    const { wheel, answerTimeout, isPaused } = this.#parts;
    return (isPaused() ? wheel.now() : Math.max(askedAt, this.#readSince)) + answerTimeout;
  }

  #check(): void {
    const { wheel, asked, overdue, silent } = this.#parts;
    const now = wheel.now();
    for (let oldest = asked.oldest; oldest !== undefined; oldest = asked.oldest) {
      const [ref, question] = oldest;
      if (this.#dueAt(question.at) > now) break;
      if (ref > this.#askedBefore) {
        silent();
        return;
      }
      asked.take(ref);
      overdue(question);
    }
    if (asked.size > 0) this.watch();
  }
}
