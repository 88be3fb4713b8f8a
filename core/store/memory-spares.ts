/** Segments that are ready to be filled. */
import { SEGMENT_BYTES, Segment } from './memory-segment.ts';
import { type Touch, touchElsewhere } from './memory-touch.ts';

/**
 * Most of them: so many are filled while one is being made ready, at a hundred thousand messages a second and with an
 * event loop that is busy for 40 ms.
 */
const MOST_SPARES = 8;
/** So many may always be kept, whatever part of the memory they are. */
const FEWEST_SPARES = 2;

/**
 * What has been emptied is used again: memory that the process has already is much cheaper than new. Where too little
 * comes back, the next ones are made ready ahead: one, and twice as many each time that none was ready.
 */
export class SpareSegments {
  readonly #ready: Segment[] = [];
  readonly #most: number;
  readonly #touch: Touch;
  /** How many are to be ready. Undefined before the first is taken: who keeps little needs no second. */
  #ahead: number | undefined;
  #coming = 0;

  /** `bytes`: what all of them may take, but for the fewest. */
  constructor(bytes: number, touch: Touch = touchElsewhere) {
    this.#most = Math.max(FEWEST_SPARES, Math.min(MOST_SPARES, Math.floor(bytes / SEGMENT_BYTES)));
    this.#touch = touch;
  }

  take(): Segment {
    const ready = this.#ready.shift();
    if (this.#ahead === undefined) this.#ahead = 0;
    else if (ready === undefined) this.#ahead = Math.min(this.#most, this.#ahead * 2 || 1);
    this.#prepare(this.#ahead);
    return ready ?? new Segment();
  }

  /** Takes back one that nobody uses any more: one less has to be made ready. */
  give(segment: Segment): void {
    if (this.#ahead !== undefined && this.#ahead > 0) this.#ahead -= 1;
    if (this.#ready.length + this.#coming >= this.#most) return;
    segment.clear();
    this.#ready.push(segment);
  }

  #prepare(ahead: number): void {
    while (this.#ready.length + this.#coming < ahead) {
      const segment = whereThereIsMemory();
      if (segment === undefined) return;
      this.#coming += 1;
      this.#touch(segment.memory, () => {
        this.#coming -= 1;
        this.#ready.push(segment);
      });
    }
  }
}

/** Undefined: there is none. Nobody needs it yet, and whoever does will be told. */
function whereThereIsMemory(): Segment | undefined {
  try {
    return new Segment();
  } catch {
    return undefined;
  }
}
