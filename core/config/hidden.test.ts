import { expect, it } from 'vitest';
import { watched } from './hidden.ts';

const ref = (name: string): string => `$\{${name}}`;

/** Read as a configuration reads it. */
const reading = (environment: Readonly<Record<string, string>>) => {
  const { environment: seen, hide } = watched(environment);
  for (const name of Object.keys(environment)) expect(seen[name]).toBe(environment[name]);
  return hide;
};

it.each([
  ['whole', 'endpoint /xs3cret-of-mine added', `endpoint /x${ref('A')} added`],
  ['twice', 's3cret-of-mine, s3cret-of-mine', `${ref('A')}, ${ref('A')}`],
  ['cut', 'there is no "s3cret-of', `there is no "${ref('A')}`],
  ['not at all', 'endpoint /ws/json unchanged', 'endpoint /ws/json unchanged'],
])('hides a value that is there %s', (_how, said, shown) => {
  expect(reading({ A: 's3cret-of-mine' })(said)).toBe(shown);
});

it('knows a value as JSON writes it', () => {
  const value = 'a "quoted"\nsecret';
  expect(reading({ A: value })(`no ${JSON.stringify(value)} and no ${value}`)).toBe(
    `no "${ref('A')}" and no ${ref('A')}`,
  );
});

it('hides the longer one of two values that begin alike', () => {
  expect(reading({ A: 'common-part', B: 'common-part-and-more' })('common-part-and-more')).toBe(ref('B'));
});

it('leaves what nobody has read', () => {
  expect(watched({ A: 's3cret-of-mine' }).hide('s3cret-of-mine')).toBe('s3cret-of-mine');
});

it('gives nothing that an object has by nature', () => {
  expect(watched({}).environment.constructor).toBeUndefined();
});
