/** Writes the figures into docs/performance.md, between its markers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Results } from './results.ts';
import { resultsMarkdown } from './table.ts';

const PAGE = join(import.meta.dirname, '../../docs/performance.md');
const BEGIN = '<!-- measured: npm run bench -- --publish -->';
const END = '<!-- end -->';

/** Puts `text` between the markers. Throws a RangeError if they are not there. */
export function between(page: string, text: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END, begin);
  if (begin < 0 || end < 0) throw new RangeError(`${PAGE} has no ${BEGIN} with an ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${page.slice(end)}`;
}

export function publish(results: Results): void {
  writeFileSync(PAGE, between(readFileSync(PAGE, 'utf8'), resultsMarkdown(results)));
}
