import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type Laid, overlayOf, type Passage } from './passage.ts';
import { Recent } from './recent.ts';

const LIMITS = { texts: 512, textLength: 4096 };

const lay = (passage: Passage, received: string, encoded: string, known = received) => {
  const carried = vi.fn();
  const overlay = overlayOf({ passage, received, known: () => known, recent: new Recent(LIMITS), carried });
  return { wire: overlay?.(encoded) ?? encoded, carried: carried.mock.calls.length };
};

describe('up', () => {
  it('sends the bytes that came where nothing is different', () => {
    const received = '{ "a" : 1, "b": {"c": []} }';
    expect(lay('up', received, '{"b":{"c":[]},"a":1}')).toEqual({ wire: received, carried: 0 });
  });

  it('adds what the frame does not say, at any depth', () => {
    const { wire, carried } = lay('up', '{"a":1,"x":2,"d":{"b":3,"y":{"z":4}}}', '{"a":1,"d":{"b":3}}');
    expect(JSON.parse(String(wire))).toEqual({ a: 1, x: 2, d: { b: 3, y: { z: 4 } } });
    expect(carried).toBe(1);
  });

  it('lets stand what the frame says itself', () => {
    const { wire } = lay('up', '{"from":"mallory","x":1}', '{"from":"alice"}', '{"from":"mallory"}');
    expect(JSON.parse(String(wire))).toEqual({ from: 'alice', x: 1 });
  });

  it('keeps an id that the gateway has added', () => {
    const { wire } = lay('up', '{"a":1,"x":2}', '{"a":1,"id":"made"}');
    expect(JSON.parse(String(wire))).toEqual({ a: 1, x: 2, id: 'made' });
  });

  it('says no less for a null or an empty text where the other is said', () => {
    const { wire } = lay('up', '{"a":1,"reply":null,"x":2}', '{"a":1,"reply":""}');
    expect(JSON.parse(String(wire))).toMatchObject({ a: 1, x: 2 });
  });
});

it.each([
  '7301234567890123456',
  '1234567890123456',
  '-9007199254740993',
  '1.50',
  '-0',
  '-0.0',
  '1e2',
  '1E+2',
  '12345678901234.10',
  '0.1000000000000000055',
])('a number is said as it came: %s', (number) => {
  for (const members of [
    `"x":${number}`,
    `"x": ${number}`,
    `"x":[1,${number},2]`,
    `"x":[${number}]`,
    `"x":{"y":\n${number}}`,
  ]) {
    expect(lay('up', `{"a":1,${members}}`, '{"a":1,"id":"made"}').wire).toContain(number);
  }
});

it('numbers keep all their digits', () => {
  const { wire } = lay('up', '{"a":1,"x":7301234567890123456,"y":1.50,"z":1e2}', '{"a":1,"id":"made"}');
  expect(wire).toContain('"x":7301234567890123456,"y":1.50,"z":1e2');
});

describe('down', () => {
  it('tells the very words, also where the gateway would say more', () => {
    const received = '{"a":1,"x":2}';
    expect(lay('down', received, '{"a":1,"name":"made up"}')).toEqual({ wire: received, carried: 1 });
  });

  it('carries what no codec knows where something had to change', () => {
    const { wire } = lay('down', '{"user":7,"x":2}', '{"user":"seven"}', '{"user":7}');
    expect(JSON.parse(String(wire))).toEqual({ user: 'seven', x: 2 });
  });
});

describe('an answer', () => {
  it('is told in the very words if it is the same', () => {
    const received = '{"type":"ack","id":1,"seq":9}';
    expect(lay('answer', received, '{"type":"ack","id":1}').wire).toBe(received);
  });

  it('is the gateway’s own if it is another frame', () => {
    const encoded = '{"type":"joined"}';
    expect(lay('answer', '{"type":"ack","seq":9}', encoded)).toEqual({ wire: encoded, carried: 0 });
  });
});

describe('vouched', () => {
  it('is written anew: nobody reads another sender in what was said twice or in other letters', () => {
    const received = '{"fromId":"bob","fromId":"alice","FromId":"bob","x":{"y":1}}';
    const { wire, carried } = lay('vouched', received, '{"fromId":"alice"}', '{"fromId":"alice"}');
    expect(wire).toBe('{"fromId":"alice","x":{"y":1}}');
    expect(carried).toBe(1);
  });

  it('is the gateway’s own words where nothing else was said', () => {
    expect(lay('vouched', '{ "a": 1 }', '{"a":1}')).toEqual({ wire: '{"a":1}', carried: 0 });
  });

  it('holds at any depth', () => {
    const received = '{"data":{"From":"bob","from":"alice","z":1}}';
    const { wire } = lay('vouched', received, '{"data":{"from":"alice"}}');
    expect(JSON.parse(String(wire))).toEqual({ data: { from: 'alice', z: 1 } });
  });
});

describe('what is no JSON object', () => {
  it.each(['[1]', '"a"', 'ping', '', '{'])('%j is left alone', (received) => {
    expect(lay('up', received, '{"a":1}')).toEqual({ wire: '{"a":1}', carried: 0 });
  });

  it('bytes are left alone', () => {
    const bytes = Uint8Array.of(1);
    const passing = { passage: 'up', recent: new Recent<Laid>(LIMITS), carried: () => {} } as const;
    expect(overlayOf({ ...passing, received: bytes, known: () => bytes })).toBeUndefined();
  });
});

describe('any frame', () => {
  const json = fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 });

  it('is sent as it came if the gateway says the same or less', () => {
    fc.assert(
      fc.property(json, fc.constantFrom<Passage>('down', 'answer'), (frame, passage) => {
        const whole = JSON.stringify(frame);
        const [first] = Object.entries(JSON.parse(whole) as object);
        const less = JSON.stringify(first === undefined ? {} : Object.fromEntries([first]));
        expect(lay(passage, ` ${whole}`, less).wire).toBe(` ${whole}`);
      }),
    );
  });

  it('never lets the other side’s words win, and never reaches a prototype', () => {
    fc.assert(
      fc.property(json, json, (received, own) => {
        const { wire } = lay('up', JSON.stringify(received), JSON.stringify(own));
        const sent = JSON.parse(String(wire)) as Record<string, unknown>;
        for (const [key, value] of Object.entries(JSON.parse(JSON.stringify(own)) as object)) {
          if (typeof value !== 'object' || value === null) expect(sent[key]).toEqual(value);
        }
        expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      }),
    );
    const hostile = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"x":1}';
    lay('up', hostile, '{"a":1}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
