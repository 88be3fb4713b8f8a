import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLOSE_CODES } from './close.ts';
import { ERRORS, type ErrorCode, errorText, GatewayError, toGatewayError } from './errors.ts';

const documented = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');
const codes = Object.keys(ERRORS) as ErrorCode[];

describe.each(codes)('the error %s', (code) => {
  const entry: { readonly en: string; readonly 'zh-CN': string; readonly fatal?: string } = ERRORS[code];

  it('has a snake_case code and a text in each locale', () => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    for (const locale of ['en', 'zh-CN'] as const) {
      expect(errorText(code, locale)).toMatch(/\S/);
      expect(errorText(code, locale)).toBe(entry[locale]);
    }
  });

  it('closes, if it closes, with a reason of the close table', () => {
    if (entry.fatal !== undefined) expect(Object.keys(CLOSE_CODES)).toContain(entry.fatal);
    expect(new GatewayError(code).fatal).toBe(entry.fatal);
  });

  it('is documented with its texts', () => {
    const row = documented.split('\n').find((line) => line.includes(`\`${code}\``));
    expect(row).toContain(entry.en);
    expect(row).toContain(entry['zh-CN']);
  });
});

describe('a gateway error', () => {
  it('may end the connection where its code does not, and the other way round', () => {
    expect(new GatewayError('muted', { fatal: 'policy' }).fatal).toBe('policy');
    expect(new GatewayError('internal', { fatal: null }).fatal).toBeUndefined();
  });

  it('carries what helps the client apart from what is for the log', () => {
    const cause = new Error('secret');
    const error = new GatewayError('field_missing', { detail: 'content', messageId: 'm1', cause });
    expect(error).toMatchObject({ code: 'field_missing', detail: 'content', messageId: 'm1', cause });
    expect(error.message).toBe('a required field is missing: content');
  });
});

describe('whatever is thrown', () => {
  it('stays what it is if it is a gateway error', () => {
    const error = new GatewayError('muted');
    expect(toGatewayError(error)).toBe(error);
  });

  it.each([new Error('secret'), 'secret', undefined, null, 7, { code: 'muted' }])(
    'is an internal error that tells nothing if it is %o',
    (thrown) => {
      const error = toGatewayError(thrown);
      expect(error).toMatchObject({ code: 'internal', fatal: 'internal', detail: undefined, cause: thrown });
      expect(error.message).not.toContain('secret');
    },
  );
});
