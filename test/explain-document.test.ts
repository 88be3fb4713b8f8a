/** The example of docs/explain.md, run as it is printed there. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

const home = new URL('../', import.meta.url);
const EXAMPLE = /```console\n\$ echo '(?<frame>[^']*)' \| dragoman (?<command>[^\n]*)\n(?<output>[^`]*)```/;

it('docs/explain.md shows what the command prints', async () => {
  const page = readFileSync(new URL('docs/explain.md', home), 'utf8');
  const { frame = '', command = '', output } = EXAMPLE.exec(page)?.groups ?? {};
  const program = spawn(process.execPath, ['main.ts', ...command.split(' ')], { cwd: home });
  program.stdin.end(`${frame}\n`);
  const [out, err] = await Promise.all([text(program.stdout), text(program.stderr)]);
  expect(err).toBe('');
  expect(out).toBe(output);
});
