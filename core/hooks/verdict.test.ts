import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../errors.ts';
import { CallFailure } from '../outbound/failure.ts';
import { readVerdict, type Verdict } from './verdict.ts';

const read = (body: unknown, status = 200): Verdict =>
  readVerdict({ status, text: typeof body === 'string' ? body : JSON.stringify(body) }, 10);

describe('a verdict', () => {
  it('may be any code of the table', () => {
    for (const code of Object.keys(ERRORS)) {
      expect(read({ action: 'refuse', code })).toEqual({ action: 'refuse', code, text: undefined });
    }
  });

  it('may leave out what does not change', () => {
    const both = { action: 'change', content: 'c', contentType: 't' };
    expect(read(both)).toEqual(both);
    expect(read({ action: 'change', contentType: 't', content: null })).toEqual({
      ...both,
      content: undefined,
    });
  });

  it('may be as long as the endpoint allows, counted in code points', () => {
    expect(read({ action: 'change', content: '😀'.repeat(10) })).toMatchObject({ action: 'change' });
    expect(() => read({ action: 'change', content: '😀'.repeat(11) })).toThrow(
      'longer than the endpoint allows (10)',
    );
  });

  it('has a text of one line', () => {
    expect(() => read({ action: 'refuse', code: 'forbidden', text: 'a\r\nb' })).toThrow('one line');
  });

  it('is what the schema knows or a failure, whatever the answer is', () => {
    const almost = fc.record(
      {
        action: fc.oneof(fc.constantFrom('allow', 'refuse', 'change'), fc.anything()),
        code: fc.oneof(fc.constantFrom(...Object.keys(ERRORS)), fc.anything()),
        text: fc.anything(),
        content: fc.anything(),
        contentType: fc.anything(),
      },
      { requiredKeys: [] },
    );
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      almost.map((value) => JSON.stringify(value) ?? ''),
    );
    fc.assert(
      fc.property(body, fc.integer({ min: 100, max: 599 }), (text, status) => {
        for (const code of [200, status]) {
          try {
            expect(['allow', 'refuse', 'change']).toContain(readVerdict({ status: code, text }, 10).action);
          } catch (error) {
            expect(error).toBeInstanceOf(CallFailure);
          }
        }
      }),
    );
  });
});
