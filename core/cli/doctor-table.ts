/** Findings for people: a line for each check under a line for each endpoint, and what to do under what failed. */
import { CHECKS, type Finding } from '../doctor/finding.ts';

const NAME = Math.max(...Object.keys(CHECKS).map(({ length }) => length));
const INDENT = ' '.repeat(2 + 4 + 2 + NAME + 2);

const WORDS = { pass: 'ok  ', fail: 'FAIL', skip: 'skip' } as const;

/** Prints each finding as it comes: a doctor that waits should not look as if it slept. */
export class DoctorTable {
  readonly #out: (text: string) => void;
  readonly #counts = { pass: 0, fail: 0, skip: 0 };
  #endpoint: string | undefined;

  constructor(out: (text: string) => void) {
    this.#out = out;
  }

  begin(url: string, config: string): void {
    this.#out(`${url}  (should be running with ${config})\n`);
  }

  add({ endpoint, dialect, check, result, reason, remedy }: Finding): void {
    this.#counts[result]++;
    if (endpoint !== this.#endpoint) this.#out(`\n${endpoint}  ${dialect}\n`);
    this.#endpoint = endpoint;
    this.#out(`  ${WORDS[result]}  ${check.padEnd(NAME)}  ${reason}\n`);
    if (remedy !== undefined) this.#out(`${INDENT}-> ${remedy}\n`);
  }

  end(): void {
    const { pass, fail, skip } = this.#counts;
    this.#out(`\n${pass} passed, ${fail} failed, ${skip} skipped\n`);
  }
}
