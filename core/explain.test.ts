import { describe, expect, it } from 'vitest';
import { explain } from './explain.ts';
import { cutObjects } from './frame-texts.ts';
import { parseJsonObject } from './json-wire.ts';
import { type DialectReference, frame, may, must, mustIf, type Sender, within } from './reference.ts';

const PERSON = [must('id', 'Who.', { becomes: 'id' }), may('name', 'Their name.', { becomes: 'name' })];
const TYPE = must('type', 'The kind.');

const reference: DialectReference = {
  source: 'a test',
  toldBy: ['type', 'data.kind'],
  cut: cutObjects,
  read: (wire) => {
    if (wire === 'broken') throw new Error('by mistake');
    return parseJsonObject(wire);
  },
  frames: [
    frame({
      name: 'say',
      direction: 'client',
      when: [{ path: 'type', is: ['say'] }],
      meaning: 'Says something.',
      clause: 'S: saying',
      fields: [
        TYPE,
        must('data.text', 'The text.', { becomes: 'send_message.content' }),
        must('data.title', 'The title.', { mayBeEmpty: true, clause: 'S: titles' }),
        mustIf({ path: 'data.mode', is: [1] }, 'data.to', { meaning: 'To whom.' }),
        may('data.mode', 'How.', { values: { 1: 'to one', 2: 'to all' } }),
        may('data.colour', 'In which colour.', {
          values: { red: 'in red' },
          otherValues: 'in another colour',
        }),
        may('data.from', 'By whom.'),
        ...within('data.from', 'message.message.from', PERSON),
        ...within('data.seen[]', null, PERSON),
        may('data.free', 'Anything.', { anythingBelow: true }),
        may('headers.*', 'Passed on.'),
      ],
    }),
    frame({
      name: 'said',
      direction: 'server',
      when: [
        { path: 'type', is: ['say'] },
        { path: 'data.text', present: true },
      ],
      meaning: 'Something was said.',
      clause: 'S: saying',
      fields: [TYPE, must('data.text', 'The text.'), must('data.at', 'When, epoch ms.')],
    }),
    frame({
      name: 'bye',
      direction: 'both',
      when: [{ path: 'type', startsWith: 'bye' }],
      meaning: 'The end.',
      clause: 'S: the end',
      fields: [TYPE],
    }),
    frame({
      name: 'other',
      direction: 'client',
      when: [{ path: 'type', startsNotWith: 'x' }],
      otherwise: true,
      meaning: 'Something else.',
      clause: 'D: ours',
      fields: [TYPE],
    }),
  ],
};

const readingsOf = (text: string, sender?: Sender) => explain(reference, { text, sender });

/** The rows of one frame, as short as they can be. */
function rowsOf(value: object, sender: Sender = 'client'): readonly string[] {
  const [reading] = readingsOf(JSON.stringify(value), sender);
  if (reading === undefined || 'error' in reading) throw new Error(reading?.error);
  return reading.explanations[0]?.rows.map(({ state, path }) => `${state} ${path}`) ?? [];
}
const errorOf = (text: string, sender?: Sender) => {
  const [reading] = readingsOf(text, sender);
  return reading !== undefined && 'error' in reading ? reading.error : undefined;
};

const say = (data: object, more: object = {}) => ({
  type: 'say',
  data: { text: 'hi', title: '', ...data },
  ...more,
});

describe('the fields of a frame', () => {
  it('are named in its order, with what is said of them', () => {
    const [reading] = readingsOf(JSON.stringify(say({})), 'client');
    expect(reading).toMatchObject({
      explanations: [
        {
          frame: { name: 'say', clause: 'S: saying' },
          rows: [
            { path: 'type', field: { clause: 'S: saying', becomes: null } },
            { path: 'data.text', value: 'hi', field: { becomes: 'send_message.content', required: true } },
            { path: 'data.title', value: '', field: { clause: 'S: titles' } },
          ],
        },
      ],
    });
  });

  it('are unknown where the reference does not name them', () => {
    expect(rowsOf(say({ tone: 1 }, { extra: {}, 'data.text': 1 }))).toEqual([
      'known type',
      'known data.text',
      'known data.title',
      'unknown data.tone',
      'unknown extra',
      'unknown data.text',
    ]);
  });

  it('are unknown by the names that objects have of their own', () => {
    const wire = '{"type":"say","data":{"text":"a","title":"","__proto__":1,"constructor":2},"toString":3}';
    const [reading] = readingsOf(wire, 'client');
    expect(reading).toHaveProperty('explanations.0.rows.3', {
      state: 'unknown',
      path: 'data.__proto__',
      value: 1,
    });
    expect(reading).toHaveProperty('explanations.0.rows.5', { state: 'unknown', path: 'toString', value: 3 });
  });

  it('are missing where they are required and absent, null or empty', () => {
    const missing = (data: object) =>
      rowsOf({ type: 'say', data }).filter((row) => row.startsWith('missing'));
    expect(missing({ title: 'a' })).toEqual(['missing data.text']);
    expect(missing({ text: null, title: 'a' })).toEqual(['missing data.text']);
    expect(missing({ text: '', title: '' })).toEqual(['missing data.text']);
    expect(rowsOf({ type: 'say' })).toEqual(['known type', 'missing data.text', 'missing data.title']);
    expect(rowsOf({ type: 'say', data: null })).toEqual([
      'known type',
      'missing data.text',
      'missing data.title',
    ]);
  });

  it('are missing under a condition only where it holds', () => {
    expect(rowsOf(say({ mode: 1 }))).toContain('missing data.to');
    expect(rowsOf(say({ mode: 2 }))).not.toContain('missing data.to');
  });

  it('are missing below an optional one only where that is there', () => {
    expect(rowsOf(say({}))).not.toContain('missing data.from.id');
    expect(rowsOf(say({ from: {} }))).toContain('missing data.from.id');
    expect(rowsOf(say({ from: 'x' }))).toContain('known data.from');
  });

  it('are explained in each item of an array', () => {
    expect(rowsOf(say({ seen: [{ id: 'a' }, { name: 'b', age: 1 }] })).slice(3)).toEqual([
      'known data.seen[0].id',
      'known data.seen[1].name',
      'unknown data.seen[1].age',
      'missing data.seen[1].id',
    ]);
  });

  it('need no explanation below what is anything', () => {
    expect(rowsOf(say({ free: { a: { b: 1 } } }, { headers: { any: 'x' } })).slice(3)).toEqual([
      'known data.free',
      'known headers.any',
    ]);
  });

  it('are wrong where an object is expected', () => {
    expect(rowsOf({ type: 'say', data: 'text' })).toContain('wrong data');
  });

  it('have the meaning of their value, or it is wrong', () => {
    const [reading] = readingsOf(JSON.stringify(say({ mode: 2, colour: 'green' })), 'client');
    expect(reading).toMatchObject({
      explanations: [
        { rows: [{}, {}, {}, { valueMeaning: 'to all' }, { valueMeaning: 'in another colour' }] },
      ],
    });
    expect(rowsOf(say({ mode: 3 }))).toContain('wrong data.mode');
    expect(rowsOf(say({ mode: null }))).toContain('known data.mode');
  });
});

describe('the kind of a frame', () => {
  it('is that of its sender', () => {
    const text = JSON.stringify(say({ at: 1 }));
    expect(readingsOf(text, 'client')).toMatchObject([{ explanations: [{ frame: { name: 'say' } }] }]);
    expect(readingsOf(text, 'server')).toMatchObject([{ explanations: [{ frame: { name: 'said' } }] }]);
  });

  it('is what fits best where nobody says who sent it', () => {
    const text = '{"type":"say","data":{"text":"hi","at":1}}';
    expect(readingsOf(text)).toMatchObject([{ explanations: [{ frame: { name: 'said' } }] }]);
    const both = '{"type":"say","data":{"text":"hi"}}';
    expect(readingsOf(both)).toMatchObject([
      { explanations: [{ frame: { name: 'say' } }, { frame: { name: 'said' } }] },
    ]);
  });

  it('is what is left only where no other kind fits, whoever sends that', () => {
    expect(readingsOf('{"type":"byebye"}', 'server')).toMatchObject([
      { explanations: [{ frame: { name: 'bye' } }] },
    ]);
    expect(readingsOf('{"type":"new"}')).toMatchObject([{ explanations: [{ frame: { name: 'other' } }] }]);
    expect(errorOf('{"type":"new"}', 'server')).toBe('only a client sends this: other');
  });
});

describe('a frame that cannot be explained', () => {
  it('is told what is wrong with it', () => {
    expect(errorOf('{"type":"xy","data":{"kind":[1]}}')).toBe(
      'no frame of this dialect has type "xy", data.kind [1]; --list names those that there are',
    );
    expect(errorOf('{}')).toContain('type (absent)');
    expect(errorOf('{"type":')).toMatch(/^the frame cannot be read: not JSON \(.+\)$/);
    expect(errorOf('[]')).toBe('the frame cannot be read: a JSON object is expected');
    expect(errorOf('broken')).toBe('this is no frame');
    expect(errorOf(`{"type":"x${'y'.repeat(100)}"}`)).toContain('…');
  });

  it('does not keep others from being explained', () => {
    expect(readingsOf('{"type":\n{"type":"bye"}\n').map((reading) => 'error' in reading)).toEqual([
      true,
      false,
    ]);
    expect(readingsOf('')).toEqual([]);
  });
});
