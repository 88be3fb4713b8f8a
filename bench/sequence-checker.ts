/** What one receiver has had of each sender: the next message must be the next in the sender's sequence. */

/** Faults described one by one; the rest are only counted. */
const DESCRIBED = 5;

export class SequenceChecker {
  readonly #first: number;
  readonly #last: Int32Array;
  /** Sequences passed over, by sender: they may still come, too late. */
  readonly #missing = new Map<number, Set<number>>();
  readonly faults: string[] = [];
  faultCount = 0;

  /** Messages may come from `count` senders, numbered from `first`. */
  constructor(first: number, count: number) {
    this.#first = first;
    this.#last = new Int32Array(count).fill(-1);
  }

  see(sender: number, sequence: number): void {
    const slot = sender - this.#first;
    const last = this.#last[slot];
    if (sequence === (last as number) + 1) this.#last[slot] = sequence;
    else this.#irregular(slot, sequence, last);
  }

  #irregular(slot: number, sequence: number, last: number | undefined): void {
    const sender = slot + this.#first;
    if (last === undefined) this.#fault(`message ${sequence} of sender ${sender} is for somebody else`);
    else if (sequence > last) {
      const missing = this.#missing.get(slot) ?? new Set();
      this.#missing.set(slot, missing);
      for (let passed = last + 1; passed < sequence; passed++) missing.add(passed);
      this.#last[slot] = sequence;
    } else if (this.#missing.get(slot)?.delete(sequence) === true) {
      this.#fault(`message ${sequence} of sender ${sender} came after ${last}: reordered`);
    } else {
      this.#fault(`message ${sequence} of sender ${sender} came twice: doubled`);
    }
  }

  /** At the end: what each sender has sent must all have come. `except`: the receiver itself. */
  finish(sent: (sender: number) => number, except = -1): void {
    for (const [slot, last] of this.#last.entries()) {
      const sender = slot + this.#first;
      if (sender === except) continue;
      const lost = sent(sender) - 1 - last + (this.#missing.get(slot)?.size ?? 0);
      if (lost > 0) this.#fault(`${lost} of ${sent(sender)} messages of sender ${sender} did not come: lost`);
    }
  }

  #fault(text: string): void {
    this.faultCount++;
    if (this.faults.length < DESCRIBED) this.faults.push(text);
  }
}
