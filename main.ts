/** Command line and composition root: the only file that joins adapters, core and configuration. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { dialects } from './adapters/index.ts';
import { type ProgramParts, runProgram } from './core/cli/program.ts';

/** The package's folder: this file's, or the one above where this file is the build's. */
const home = existsSync(join(import.meta.dirname, 'package.json'))
  ? import.meta.dirname
  : dirname(import.meta.dirname);

const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string };

/** A path as short as it can be from here. */
function fromHere(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}

const parts: ProgramParts = {
  version,
  dialects,
  environment: process.env,
  defaultConfig: fromHere(join(home, 'config', 'dragoman.yaml')),
  // Loaded when they are needed: `dragoman token` and `check` start without a server.
  async start(config, context) {
    const { serve } = await import('./core/cli/serve.ts');
    await serve(config, context, { dialects, environment: process.env });
  },
  async demo() {
    const { demo } = await import('./core/cli/demo.ts');
    await demo(parts, dialects);
  },
  async explain(options) {
    const { explainCommand } = await import('./core/cli/explain.ts');
    await explainCommand({ input: process.stdin, out: parts.out }, dialects, options);
  },
  async translate(options) {
    const { translateCommand } = await import('./core/cli/translate.ts');
    await translateCommand({ input: process.stdin, out: parts.out }, dialects, options);
  },
  async losses(request) {
    const { lossesCommand } = await import('./core/cli/losses.ts');
    lossesCommand(parts.out, dialects, request);
  },
  async doctor(url, options) {
    const { doctorCommand } = await import('./core/cli/doctor.ts');
    await doctorCommand({ environment: parts.environment, dialects, out: parts.out }, url, options);
  },
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
};

// A reader that has had enough (`dragoman schema | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await runProgram(parts, process.argv.slice(2));
