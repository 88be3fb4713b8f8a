/** Wire messages that are almost those of the vectors. */
import fc, { type Arbitrary } from 'fast-check';
import type { WireMessage } from '../../core/dialect.ts';
import { bytesOf } from './drive-vector.ts';

interface Edit {
  /** Where, as a part of the whole. */
  readonly at: number;
  /** How many bytes go. */
  readonly removed: number;
  readonly inserted: Uint8Array;
}

const edit: Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.nat({ max: 8 }),
  inserted: fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    fc
      .constantFrom('"', '{', '}', '\\', '\0', '\n', '\r\n', ':', ',', '\\ud800', '-1', '1e999', 'null', '[]')
      .map((text) => Buffer.from(text)),
  ),
});

function edited(wire: WireMessage, edits: readonly Edit[]): WireMessage {
  let bytes = Buffer.from(bytesOf(wire));
  for (const { at, removed, inserted } of edits) {
    const position = Math.floor(at * bytes.length);
    bytes = Buffer.concat([bytes.subarray(0, position), inserted, bytes.subarray(position + removed)]);
  }
  return typeof wire === 'string' ? bytes.toString('utf8') : bytes;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const ODD_VALUES: readonly Json[] = [
  null,
  true,
  0,
  -1,
  0.5,
  2 ** 53,
  '',
  ' ',
  '__proto__',
  [],
  {},
  [[]],
  { a: 1 },
];

/** Replaces, removes or doubles the `pick`th field, counted through the whole document. */
function withOddField(document: Json, pick: number, odd: Json | undefined): Json {
  const fields: { readonly holder: { [key: string]: Json }; readonly key: string }[] = [];
  const visit = (value: Json): void => {
    if (typeof value !== 'object' || value === null) return;
    const holder = value as { [key: string]: Json };
    for (const key of Object.keys(holder)) {
      fields.push({ holder, key });
      visit(holder[key] as Json);
    }
  };
  const copy = structuredClone(document);
  visit(copy);
  const field = fields[pick % Math.max(1, fields.length)];
  if (field === undefined) return copy;
  if (odd === undefined) delete field.holder[field.key];
  else field.holder[field.key] = odd;
  return copy;
}

function parsed(wire: WireMessage): Json | undefined {
  if (typeof wire !== 'string') return undefined;
  try {
    return JSON.parse(wire) as Json;
  } catch {
    return undefined;
  }
}

/** Samples with a few bytes changed, or, where they are JSON, with fields that are odd or gone. */
export function mutated(samples: readonly WireMessage[]): Arbitrary<WireMessage> {
  const byBytes = fc
    .tuple(fc.constantFrom(...samples), fc.array(edit, { minLength: 1, maxLength: 3 }))
    .map(([wire, edits]) => edited(wire, edits));
  const documents = samples.map(parsed).filter((document) => document !== undefined);
  if (documents.length === 0) return byBytes;
  const byFields = fc
    .tuple(fc.constantFrom(...documents), fc.nat(), fc.constantFrom(undefined, ...ODD_VALUES))
    .map(([document, pick, odd]) => JSON.stringify(withOddField(document, pick, odd)));
  return fc.oneof(byBytes, byFields);
}
