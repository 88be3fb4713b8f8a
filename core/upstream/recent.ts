/**
 * What was made of the last few texts: the clients of one group are each told the same by their server, and what one
 * of them was told need not be worked out again for the next.
 */

/** Texts kept at a time, and the longest that is kept: about 4 MiB in all. */
const MAX_TEXTS = 512;
const MAX_LENGTH = 4096;

export class Recent<Value> {
  readonly #byText = new Map<string, Value>();

  get(text: string): Value | undefined {
    return this.#byText.get(text);
  }

  set(text: string, value: Value): void {
    if (text.length > MAX_LENGTH) return;
    this.#byText.set(text, value);
    if (this.#byText.size <= MAX_TEXTS) return;
    for (const oldest of this.#byText.keys()) {
      this.#byText.delete(oldest);
      return;
    }
  }
}
