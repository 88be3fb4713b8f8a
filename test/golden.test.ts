/** Every golden line: read by the right face, with the outcome or the cause that expectations.json names. */
import { describe, expect, it } from 'vitest';
import type { FaceName } from '../core/dialect-vectors.ts';
import { faceOf } from './support/drive.ts';
import {
  dialectOf,
  type Expectation,
  goldenLines,
  inputOf,
  type Line,
  meaningOf,
  reactionOf,
  readExpectations,
  standing,
} from './support/golden.ts';

const lines = goldenLines();
const expectations = readExpectations();

interface Frame {
  readonly headers: readonly string[];
}

/** A STOMP server adds headers of its own; those of the line are all there. JSON is equal, whatever the order of keys. */
function expectSaid(said: readonly unknown[], line: Line): void {
  const golden = meaningOf(line.wire);
  if (line.dialect !== 'stomp' || typeof golden !== 'object') {
    expect(said).toContainEqual(golden);
    return;
  }
  const { headers } = golden as Frame;
  const asSubset = said.map((frame) => ({
    ...(frame as Frame),
    headers: headers.filter((header) => (frame as Frame).headers.includes(header)),
  }));
  expect(asSubset).toContainEqual(golden);
}

function check(line: Line, expectation: Expectation): void {
  if ('decodeOnly' in expectation) {
    expect(expectation.decodeOnly).not.toBe('');
    return;
  }
  if (line.direction === 'c2s') {
    expect(expectation).toHaveProperty('reaction');
    if (!('reaction' in expectation)) return;
    expect(reactionOf(standing(expectations, expectation), { wire: line.wire })).toEqual(
      expectation.reaction,
    );
    return;
  }
  expect(expectation).toHaveProperty('input');
  if (!('input' in expectation)) return;
  const { sends = [] } = reactionOf(standing(expectations, expectation), inputOf(expectation.input));
  expectSaid(sends, line);
  const { read } = expectation;
  expect(reactionOf(standing(expectations, read), { wire: line.wire })).toEqual(read.reaction);
}

describe('golden lines', () => {
  it('have each one expectation, and no expectation is without its line', () => {
    const ids = lines.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(expectations.lines).toSorted()).toEqual(ids.toSorted());
  });

  it('start from states that are all used', () => {
    const used = Object.values(expectations.lines).flatMap((expectation) => [
      ...('given' in expectation ? [expectation.given] : []),
      ...('read' in expectation ? [expectation.read.given] : []),
    ]);
    expect(Object.keys(expectations.states).toSorted()).toEqual([...new Set(used)].toSorted());
  });

  for (const line of lines) {
    const face: FaceName = line.direction === 'c2s' ? 'server' : 'client';
    const expectation = expectations.lines[line.id];
    const note = expectation !== undefined && 'decodeOnly' in expectation ? ' (decoded only)' : '';

    it(`${line.id} is read${note}`, () => {
      expect([...faceOf(dialectOf(line.dialect), face).codec.decode(line.wire)]).toHaveLength(1);
    });
    if (expectation === undefined || note !== '') continue;
    const title = face === 'server' ? 'has its outcome' : 'is said, and read back';
    it(`${line.id} ${title}`, () => check(line, expectation));
  }
});
