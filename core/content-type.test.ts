import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentTypesOf } from './content-type.ts';

const plain = contentTypesOf('plain');
const other = contentTypesOf('other');

describe('a content type', () => {
  it.each([undefined, null, '', 'text'])('that is %j on the wire is text', (field) => {
    expect(plain.read(field)).toEqual({ contentType: 'text' });
  });

  it('is lower-case in the model, and keeps its spelling for its own dialect', () => {
    const { contentType, extensions } = plain.read('Image/PNG');
    expect({ contentType, extensions }).toEqual({
      contentType: 'image/png',
      extensions: { plain: { contentType: 'Image/PNG' } },
    });
    expect(plain.write(contentType, extensions)).toBe('Image/PNG');
    expect(other.write(contentType, extensions)).toBe('image/png');
  });

  it('that is lower-case already keeps nothing', () => {
    expect(plain.read('image')).toEqual({ contentType: 'image' });
    expect(plain.write('image', undefined)).toBe('image');
  });

  it('stays as it is where lower case would be longer than the field may be', () => {
    expect(plain.read('\u0130')).toEqual({ contentType: '\u0130' });
  });

  it.each([[{ contentType: 'AUDIO' }], [{ contentType: 7 }], [{}]])(
    'is not written as %j says when the message has another one by now',
    (kept) => {
      expect(plain.write('image', { plain: kept })).toBe('image');
    },
  );

  it('comes back to its own dialect as it was written, and never longer than it was', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 64, unit: 'binary' }), (field) => {
        const { contentType, extensions } = plain.read(field);
        expect(contentType.length).toBe(field.length);
        expect(plain.write(contentType, extensions)).toBe(field);
      }),
    );
  });
});
