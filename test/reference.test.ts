/** What `dragoman explain` knows of each dialect: checked against the golden lines, the vectors and the codecs. */
import { describe, expect, it } from 'vitest';
import { dialects } from '../adapters/index.ts';
import type { DialectVectors } from '../core/dialect-vectors.ts';
import { explain } from '../core/explain.ts';
import type { Sender } from '../core/reference.ts';
import { describeReference, faultsOf } from './conformance/reference-suite.ts';
import { toyDialect } from './fixtures/toy/index.ts';
import { vectors as toyVectors } from './fixtures/toy/vectors.ts';
import { isCanonical } from './support/canonical-fields.ts';
import { dialectOf, goldenLines, type Line, readExpectations } from './support/golden.ts';

/** Keys that accept vectors hold to show that they are let pass. */
const IGNORED: Readonly<Record<string, readonly string[]>> = {
  json: ['data.__proto__', 'x', 'data'],
  room: ['textData.data.from.age', 'textData.data.x'],
  socket: ['data.channel_data', 'v', 'data', 'data.__proto__', 'data.constructor'],
  ourchat: ['__proto__', 'constructor'],
};

for (const dialect of dialects) {
  const { vectors } = (await import(`../adapters/${dialect.id}/vectors.ts`)) as { vectors: DialectVectors };
  describe(`reference of ${dialect.id}`, () => describeReference(dialect, vectors, IGNORED[dialect.id]));
}

describe('reference of a sixth dialect', () => describeReference(toyDialect, toyVectors));

describe('the canonical model', () => {
  it.each(['send_message.target.id', 'user_list.online.name', 'joined.attending', 'error.code'])(
    'has %s',
    (path) => {
      expect(isCanonical(path)).toBe(true);
    },
  );
  it.each([
    'send_message',
    'send_message.text',
    'message.id',
    'send_massage.content',
    'error.text',
    'constructor.name',
  ])('has no %s', (path) => {
    expect(isCanonical(path)).toBe(false);
  });
});

const lines = goldenLines();
const expectations = readExpectations();
const senderOf = ({ direction }: Line): Sender => (direction === 'c2s' ? 'client' : 'server');

/** Golden lines that show one thing and are no good otherwise: expectations.json says of each that it is only decoded. */
const NOT_EXPLAINED: Readonly<Record<string, readonly string[]>> = {
  'stomp/s2c/MESSAGE/escaped': [
    'unknown headers.note',
    ...['id', 'fromId', 'toId', 'chatType', 'content'].map((field) => `missing body.${field}`),
  ].map((fault) => `MESSAGE on /user/queue/messages: ${fault}`),
};

describe('golden lines', () => {
  it.each(lines)('$id is explained, each field of it', (line) => {
    const faults = faultsOf(dialectOf(line.dialect), { wire: line.wire, sender: senderOf(line) });
    expect(faults).toEqual(NOT_EXPLAINED[line.id] ?? []);
  });

  it('are excused only where they are only decoded', () => {
    for (const id of Object.keys(NOT_EXPLAINED)) expect(expectations.lines[id]).toHaveProperty('decodeOnly');
  });

  it('are recognised without a word on who sent them', () => {
    for (const { dialect, wire, id } of lines) {
      const [reading] = explain(dialectOf(dialect).reference, { text: wire, sender: undefined });
      expect(reading, id).toHaveProperty('explanations');
    }
  });
});
