/** What a reference calls required is refused without it, what it calls optional is not; enumerations likewise. */
import { describe, expect, it } from 'vitest';
import { dialects } from '../adapters/index.ts';
import type { AnyDialect, Codec, WireMessage } from '../core/dialect.ts';
import type { DialectVectors } from '../core/dialect-vectors.ts';
import { GatewayError } from '../core/errors.ts';
import { explain } from '../core/explain.ts';
import { holds, type Row } from '../core/explain-fields.ts';
import type { Sender } from '../core/reference.ts';
import { faceOf } from './support/drive.ts';
import { goldenLines, reactionOf, readExpectations, standing } from './support/golden.ts';

type Known = Extract<Row, { readonly state: 'known' }>;

interface Sample {
  readonly wire: string;
  readonly sender: Sender;
  readonly codec: Codec<unknown>;
}

const isRefused = (codec: Codec<unknown>, wire: WireMessage): boolean => {
  try {
    return [...codec.decode(wire)].length === 0;
  } catch (error) {
    if (error instanceof GatewayError) return true;
    throw error;
  }
};

/** Texts that the codecs read and the reference finds nothing wrong with. */
async function samplesOf(dialect: AnyDialect): Promise<readonly Sample[]> {
  const { vectors } = (await import(`../adapters/${dialect.id}/vectors.ts`)) as { vectors: DialectVectors };
  const golden = goldenLines()
    .filter((line) => line.dialect === dialect.id)
    .map(({ wire, direction }): Sample => {
      const { codec } = faceOf(dialect, direction === 'c2s' ? 'server' : 'client');
      return { wire, codec, sender: direction === 'c2s' ? 'client' : 'server' };
    });
  const accepted = vectors.accept.flatMap(({ face, wire, ...vector }) => {
    const { codec } = faceOf(dialect, face, vector);
    const sender = face === 'server' ? 'client' : 'server';
    return wire.flatMap((text) => (typeof text === 'string' ? [{ wire: text, codec, sender } as const] : []));
  });
  return [...golden, ...accepted];
}

/** The one kind of frame that a text is of, and its rows. */
function explained(dialect: AnyDialect, { wire, sender }: Pick<Sample, 'wire' | 'sender'>) {
  const [reading] = explain(dialect.reference, { text: wire, sender });
  return reading !== undefined && 'explanations' in reading ? reading.explanations[0] : undefined;
}

/** The keys of a path such as `data.users[0].id`; keys of frames that are wanted here have neither dots nor brackets. */
const keysOf = (path: string): readonly string[] => path.replaceAll(']', '').split(/[.[]/);

/** A frame in JSON, with the value at a path replaced, or, by undefined, removed. */
function changed(wire: string, path: string, value: unknown): string {
  const frame = JSON.parse(wire) as unknown;
  const keys = keysOf(path);
  const last = keys.at(-1) ?? '';
  const holder = keys.slice(0, -1).reduce((found, key) => (found as Record<string, unknown>)[key], frame);
  (holder as Record<string, unknown>)[last] = value;
  return JSON.stringify(frame);
}

const isRequired = ({ field: { required } }: Known, wire: string): boolean =>
  typeof required === 'object' ? holds(required, JSON.parse(wire)) : required;

const known = (row: Row): row is Known => row.state === 'known';

for (const dialect of dialects.filter(({ text }) => text === 'string')) {
  const samples = (await samplesOf(dialect)).flatMap((sample) => {
    const found = sample.wire.trimStart().startsWith('{') ? explained(dialect, sample) : undefined;
    return found === undefined || !found.rows.every(known)
      ? []
      : [{ ...sample, ...found, rows: found.rows.filter(known) }];
  });

  describe(`reference of ${dialect.id}`, () => {
    it('has something to check', () => expect(samples.length).toBeGreaterThan(10));

    it('calls required what a frame is refused without', () => {
      for (const { wire, sender, codec, frame, rows } of samples) {
        for (const row of rows.filter((candidate) => isRequired(candidate, wire))) {
          for (const without of [undefined, null]) {
            const text = changed(wire, row.path, without);
            const other = explained(dialect, { wire: text, sender })?.frame;
            const isOther = other !== undefined && other !== frame;
            expect(isOther || isRefused(codec, text), `${frame.name}: ${text}`).toBe(true);
          }
        }
      }
    });

    it('calls optional what can be left out', () => {
      for (const { wire, codec, frame, rows } of samples) {
        for (const row of rows.filter((candidate) => !isRequired(candidate, wire))) {
          const text = changed(wire, row.path, undefined);
          expect(isRefused(codec, text), `${frame.name}: ${text}`).toBe(false);
        }
      }
    });

    it('lists all values of what is refused with another', () => {
      const enumerations = samples.flatMap(({ rows, ...sample }) =>
        rows
          .filter(({ field, value }) => field.values !== undefined && value !== null)
          .map((row) => ({ ...sample, row })),
      );
      expect(enumerations.length).toBeGreaterThan(0);
      for (const { wire, codec, frame, row } of enumerations) {
        const text = changed(wire, row.path, typeof row.value === 'number' ? 987_654 : 'no such value');
        const isClosed = row.field.otherValues === undefined;
        expect(isRefused(codec, text), `${frame.name}: ${text}`).toBe(isClosed);
      }
    });
  });
}

/** Where frames have headers the session, not the codec, knows what a command needs: each golden line in its state. */
describe('reference of frames with headers', () => {
  const expectations = readExpectations();
  const byId = new Map(dialects.map((dialect) => [dialect.id, dialect]));
  const lines = goldenLines().flatMap(({ id, dialect: name, direction, wire }) => {
    const dialect = byId.get(name);
    const expectation = expectations.lines[id];
    if (dialect?.text !== 'bytes' || direction !== 'c2s' || expectation === undefined) return [];
    return 'reaction' in expectation ? [{ id, dialect, wire, expectation }] : [];
  });

  /** The frame without a header, or without a field of its body. */
  const without = (wire: string, path: string): string => {
    const key = path.slice(path.indexOf('.') + 1);
    if (path.startsWith('headers.')) return wire.replace(new RegExp(`\\n${key}:[^\\n]*`), '');
    const start = wire.indexOf('{');
    const body = changed(wire.slice(start, -1), key, undefined);
    return `${wire.slice(0, start).replace(/content-length:\d+\n/, '')}${body}\0`;
  };

  it('has something to check', () => expect(lines.length).toBeGreaterThan(10));

  it.each(lines)('calls required what $id is refused without, and nothing else', (line) => {
    const { dialect, wire, expectation } = line;
    const rows = explained(dialect, { wire, sender: 'client' })?.rows.filter(known) ?? [];
    for (const { path, field } of rows.filter((row) => row.path !== 'command')) {
      const { error, sends } = reactionOf(standing(expectations, expectation), { wire: without(wire, path) });
      const isMissed = error === 'field_missing' || JSON.stringify(sends ?? []).includes('field_missing');
      expect(isMissed, path).toBe(field.required !== false);
    }
  });
});
