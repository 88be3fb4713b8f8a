/**
 * What was made of the last few texts: the clients of one group are each told the same by their server, and what one
 * of them was told need not be worked out again for the next.
 */

/** `upstream.limits`: texts kept at a time, and the longest that is kept, in UTF-16 units. */
export interface TextLimits {
  readonly texts: number;
  readonly textLength: number;
}

export class Recent<Value> {
  readonly #byText = new Map<string, Value>();
  readonly #limits: TextLimits;

  constructor(limits: TextLimits) {
    this.#limits = limits;
  }

  get(text: string): Value | undefined {
    return this.#byText.get(text);
  }

  set(text: string, value: Value): void {
    if (text.length > this.#limits.textLength) return;
    this.#byText.set(text, value);
    if (this.#byText.size <= this.#limits.texts) return;
    for (const oldest of this.#byText.keys()) {
      this.#byText.delete(oldest);
      return;
    }
  }
}
