/**
 * What was lost in translation: counted by type and field, with a few examples of each. Examples are redacted:
 * they show the shape of a value, not what anybody wrote.
 */

/** Most (type, field) pairs counted apart per endpoint; the rest are counted as `other`. */
const MAX_KEYS = 500;
/** Examples kept of each pair, the first ones. */
const MAX_EXAMPLES = 3;
/** Most keys and entries of an example, at all depths. */
const MAX_NODES = 64;
const MAX_DEPTH = 8;

export interface Loss {
  readonly type: string;
  readonly field: string;
  readonly count: number;
  /** As JSON values; texts are given by their length only. */
  readonly examples: readonly unknown[];
}

interface Counted {
  readonly type: string;
  readonly field: string;
  count: number;
  readonly examples: unknown[];
}

export class Losses {
  readonly #byType = new Map<string, Map<string, Counted>>();
  #keys = 0;

  /** `value` is what was to be said, if it is at hand. */
  count(type: string, fields: readonly string[], value?: unknown, times = 1): void {
    if (times === 0) return;
    for (const field of fields) {
      const counted = this.#counted(type, field);
      counted.count += times;
      if (value !== undefined && counted.examples.length < MAX_EXAMPLES) {
        counted.examples.push(redacted(value));
      }
    }
  }

  #counted(type: string, field: string): Counted {
    const known = this.#byType.get(type)?.get(field);
    if (known !== undefined) return known;
    if (this.#keys >= MAX_KEYS && type !== 'other') return this.#counted('other', 'other');
    this.#keys++;
    const counted = { type, field, count: 0, examples: [] };
    const fields = this.#byType.get(type) ?? new Map<string, Counted>();
    this.#byType.set(type, fields.set(field, counted));
    return counted;
  }

  countOf(type: string, field: string): number {
    return this.#byType.get(type)?.get(field)?.count ?? 0;
  }

  *all(): Iterable<Loss> {
    for (const fields of this.#byType.values()) yield* fields.values();
  }
}

/** Words of ours that tell what kind of value it is. */
const KINDS: ReadonlySet<string> = new Set(['type', 'contentType', 'reason', 'kind']);

/** The shape of a value: keys, numbers of entries, lengths of texts; no text, no number, no id. */
export function redacted(value: unknown): unknown {
  let left = MAX_NODES;
  const shape = (item: unknown, key: string, depth: number): unknown => {
    if (--left < 0 || depth > MAX_DEPTH) return '…';
    if (typeof item === 'string') {
      return KINDS.has(key) && /^[a-z_]{1,32}$/.test(item) ? item : `‹${item.length} characters›`;
    }
    if (typeof item === 'number') return '‹number›';
    if (item === null || typeof item !== 'object') return item ?? null;
    if (item instanceof Uint8Array) return `‹${item.length} bytes›`;
    if (Array.isArray(item)) return item.slice(0, 4).map((entry) => shape(entry, '', depth + 1));
    return Object.fromEntries(
      Object.entries(item)
        .slice(0, MAX_NODES)
        .map(([name, entry]) => [name.slice(0, 64), shape(entry, name, depth + 1)]),
    );
  };
  return shape(value, '', 0);
}
