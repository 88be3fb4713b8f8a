/** A dialect's reference: nothing in it is invented, and it explains what the vectors say and whatever else comes. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AnyDialect } from '../../core/dialect.ts';
import type { DialectVectors, FaceName } from '../../core/dialect-vectors.ts';
import { explain } from '../../core/explain.ts';
import type { FrameReference, Sender } from '../../core/reference.ts';
import { isCanonical } from '../support/canonical-fields.ts';
import { faceOf } from '../support/drive.ts';
import { goldenLines } from '../support/golden.ts';

/** A text and who sent it. */
export interface Sent {
  readonly wire: string;
  readonly sender: Sender;
}

const senderTo = (face: FaceName): Sender => (face === 'server' ? 'client' : 'server');
const senderOf = (face: FaceName): Sender => (face === 'server' ? 'server' : 'client');

const textOf = (wire: unknown): string =>
  typeof wire === 'string' ? wire : new TextDecoder().decode(wire as Uint8Array);

/** Wire messages as one text; where messages may be parts of frames, they are put together. */
const pasted = (dialect: AnyDialect, wire: readonly unknown[]): string =>
  wire.map(textOf).join(dialect.text === 'bytes' ? '' : '\n');

/** Everything that is on the wire in the golden lines and the vectors, faulty frames too. */
export function sentIn(dialect: AnyDialect, vectors: DialectVectors): readonly Sent[] {
  const golden = goldenLines()
    .filter((line) => line.dialect === dialect.id)
    .map(({ direction, wire }): Sent => ({ wire, sender: direction === 'c2s' ? 'client' : 'server' }));
  const read = [...vectors.accept, ...vectors.reject].map(({ face, wire }) => ({
    wire: pasted(dialect, wire),
    sender: senderTo(face),
  }));
  const talked = vectors.conversations.flatMap(({ face, steps, ...vector }) => {
    const { codec } = faceOf(dialect, face, vector);
    return steps.flatMap(([input, effects]) => [
      ...('wire' in input ? [{ wire: textOf(input.wire), sender: senderTo(face) }] : []),
      ...effects.flatMap((effect) =>
        effect.kind === 'send' ? [{ wire: textOf(codec.encode(effect.frame)), sender: senderOf(face) }] : [],
      ),
    ]);
  });
  return [...golden, ...read, ...talked];
}

/** @param ignored paths that the vectors hold because the dialect does not know them */
export function describeReference(
  dialect: AnyDialect,
  vectors: DialectVectors,
  ignored: readonly string[] = [],
): void {
  const { reference } = dialect;
  const { frames } = reference;
  const sent = sentIn(dialect, vectors);
  const title = ({ name, direction }: FrameReference) => `${name} of ${direction}`;

  it('tells its kinds of frame apart by name and direction', () => {
    expect(new Set(frames.map(title)).size).toBe(frames.length);
  });

  it('has a sentence and a clause for each frame and field, and each path once', () => {
    for (const { meaning, clause, fields } of frames) {
      expect([meaning, clause].every((text) => text !== '')).toBe(true);
      expect(fields.filter((field) => field.meaning === '' || field.clause === '')).toEqual([]);
      expect(new Set(fields.map(({ path }) => path)).size).toBe(fields.length);
    }
  });

  it('names canonical fields that there are', () => {
    const named = frames.flatMap(({ fields }) => fields.map(({ becomes }) => becomes));
    expect(named.filter((path) => path !== null && !isCanonical(path))).toEqual([]);
  });

  it('has an example of each kind of frame', () => {
    const seen = new Set(
      sent.flatMap(({ wire, sender }) =>
        explain(reference, { text: wire, sender }).flatMap((reading) =>
          'error' in reading ? [] : reading.explanations.map(({ frame }) => frame),
        ),
      ),
    );
    expect(frames.filter((frame) => !seen.has(frame)).map(title)).toEqual([]);
  });

  // A stream's vectors are about how it is cut into frames, and their frames mean nothing.
  if (dialect.text === 'string')
    it.each(vectors.accept)('misses nothing in: $name', ({ face, wire }) => {
      const faults = faultsOf(dialect, { wire: pasted(dialect, wire), sender: senderTo(face) });
      expect(faults.filter((fault) => !ignored.some((path) => fault.endsWith(`: unknown ${path}`)))).toEqual(
        [],
      );
    });

  it('recognises what the faces say, and knows each field of it', () => {
    const spoken = vectors.conversations.flatMap(({ face, steps, ...vector }) => {
      const { codec } = faceOf(dialect, face, vector);
      return steps.flatMap(([, effects]) =>
        effects.flatMap((effect) =>
          effect.kind === 'send'
            ? [{ wire: textOf(codec.encode(effect.frame)), sender: senderOf(face) }]
            : [],
        ),
      );
    });
    for (const { wire, sender } of spoken) expect(faultsOf(dialect, { wire, sender })).toEqual([]);
  });

  it('explains whatever comes, and never throws', () => {
    const samples = sent.map(({ wire }) => wire);
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 64 }),
      fc.json(),
      fc.constantFrom(...samples),
      fc
        .tuple(fc.constantFrom(...samples), fc.nat(), fc.string({ unit: 'binary', maxLength: 8 }))
        .map(([wire, at, text]) => `${wire.slice(0, at % (wire.length + 1))}${text}`),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join('\n')),
        fc.constantFrom(undefined, 'client', 'server') as fc.Arbitrary<Sender | undefined>,
        (text, sender) => {
          for (const reading of explain(reference, { text, sender })) {
            if ('error' in reading) expect(reading.error).not.toBe('');
            else expect(reading.explanations.length).toBeGreaterThan(0);
          }
        },
      ),
    );
  });
}

/** What is wrong with the frames of a text: an error, or the paths that are unknown, missing or wrong. */
export function faultsOf({ reference }: AnyDialect, { wire, sender }: Sent): readonly string[] {
  const readings = explain(reference, { text: wire, sender });
  if (readings.length === 0) return ['no frame'];
  return readings.flatMap((reading) =>
    'error' in reading
      ? [reading.error]
      : reading.explanations.flatMap(({ frame, rows }) =>
          rows
            .filter(({ state }) => state !== 'known')
            .map(({ state, path }) => `${frame.name}: ${state} ${path}`),
        ),
  );
}
