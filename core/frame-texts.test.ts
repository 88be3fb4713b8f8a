import { describe, expect, it } from 'vitest';
import { cutObjects } from './frame-texts.ts';

describe('a paste of JSON', () => {
  it.each([
    ['one object a line', '{"a":1}\n{"b":2}\r\n', ['{"a":1}', '{"b":2}']],
    [
      'an object on several lines',
      '{\n"a": {\n"b": [1]\n}\n}\n{"c":3}',
      ['{\n"a": {\n"b": [1]\n}\n}', '{"c":3}'],
    ],
    ['braces and quotes in texts', '{"a":"}\\"{",\n"b":"]"}\n{}', ['{"a":"}\\"{",\n"b":"]"}', '{}']],
    ['a line that is no object', 'ping\n{"a":1}\nx {', ['ping', '{"a":1}', 'x {']],
    ['an object that never ends', '{"a":\n{"b":1}\n', ['{"a":', '{"b":1}']],
    ['a text that never ends', '{"a":"\n{"b":1}', ['{"a":"', '{"b":1}']],
    ['empty lines', '\n \n{}\n\n', ['{}']],
    ['nothing', '', []],
  ])('is cut: %s', (_name, text, frames) => {
    expect(cutObjects(text)).toEqual(frames);
  });

  it('is cut in bounded time where nothing ever ends', () => {
    expect(cutObjects('{\n'.repeat(5_000))).toHaveLength(5_000);
  });
});
