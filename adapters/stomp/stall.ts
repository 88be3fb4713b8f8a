/**
 * Finds a frame that has begun and does not go on: a content-length that promises more than was sent can't
 * be told from a slow sender by its bytes, only by time.
 */
import type { Effect } from '../../core/dialect.ts';
import type { Link } from './version.ts';

/** Fewer new bytes than this in one interval are the heart-beats of a sender who believes the frame is over. */
const LEAST_PROGRESS_BYTES = 64;

const NO_FRAME = -1;

export class Stall {
  readonly #link: Link;
  /** Armed at the start and again whenever it runs out. */
  readonly timer: Effect<never, never>;
  #begun = NO_FRAME;
  #bytes = 0;

  constructor(link: Link, afterMs: number) {
    this.#link = link;
    this.timer = Object.freeze({ kind: 'timer', name: 'frame', afterMs });
  }

  /**
   * Called once per interval.
   *
   * @param busy commands are in flight, so that core may have paused reading: no judgement then
   */
  isStalled(busy: boolean): boolean {
    const { begun, incompleteBytes } = this.#link;
    const known = begun === this.#begun;
    const progress = incompleteBytes - this.#bytes;
    this.#begun = busy ? NO_FRAME : begun;
    this.#bytes = incompleteBytes;
    return !busy && known && incompleteBytes > 0 && progress < LEAST_PROGRESS_BYTES;
  }
}

/** For a server, which we trust to send on while it sends at all: runs out after silence only. */
export const idleTimer = (afterMs: number): Effect<never, never> => ({
  kind: 'timer',
  name: 'frame',
  afterMs,
  restart: 'received',
});
