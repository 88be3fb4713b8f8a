/** What comes in by `xhr_send`: a request is answered once all its messages have been handed on, one request at a time. */
import { Inlet } from './inlet.ts';

/** `busy`: an earlier one is still held back. `gone`: the session ended before the messages' turn came. */
export type SendingOutcome = 'taken' | 'busy' | 'gone';

export class Sending {
  readonly #inlet: Inlet;
  /** Answers the request that is held back. */
  #answer: ((outcome: SendingOutcome) => void) | undefined;

  constructor(deliver: (message: Uint8Array) => void) {
    this.#inlet = new Inlet(deliver, () => this.#settle('taken'));
  }

  /** Answered when all have been handed on: at once, unless there are very many or reading is paused. */
  take(messages: readonly string[]): SendingOutcome | Promise<SendingOutcome> {
    if (!this.#inlet.empty) return 'busy';
    this.#inlet.push(messages);
    if (this.#inlet.empty) return 'taken';
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  pause(): void {
    this.#inlet.pause();
  }

  resume(): void {
    this.#inlet.resume();
  }

  /** Drops what has not been handed on; whoever waits for it is answered so. */
  drop(outcome: SendingOutcome): void {
    this.#inlet.clear();
    this.#settle(outcome);
  }

  #settle(outcome: SendingOutcome): void {
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.(outcome);
  }
}
