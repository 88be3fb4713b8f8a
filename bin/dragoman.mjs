#!/usr/bin/env node
/**
 * Starts Dragoman on a Node that can run it: this one if it is new enough, else the one that the package
 * pins as a development dependency. Plain JavaScript, so that an old Node can read it.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NEEDED_MAJOR = 24;
/** Set for the process that this launcher starts, so that it never starts itself in a circle. */
const MARK = 'DRAGOMAN_LAUNCHED';

const launcher = fileURLToPath(import.meta.url);
const home = dirname(dirname(launcher));

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Runs the program in this process. */
async function run() {
  silenceExperimentalWarnings();
  if (process.env[MARK] !== undefined) {
    delete process.env[MARK];
    stopWithLauncher();
  }
  // Node strips no types below node_modules: an installed package runs its build.
  const source = join(home, 'main.ts');
  const isCheckout = existsSync(source) && !home.includes(`${sep}node_modules${sep}`);
  const program = isCheckout ? source : join(home, 'dist', 'main.js');
  if (!existsSync(program)) fail(`Dragoman is not built: ${program} is missing. Run: npm run build`);
  await import(pathToFileURL(program).href);
}

/** Users can do nothing about them, and they would stand between a command's output and its reader. */
function silenceExperimentalWarnings() {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning, ...rest) => {
    const [option] = rest;
    const type = typeof option === 'object' && option !== null ? option.type : option;
    if (type !== 'ExperimentalWarning') emitWarning.call(process, warning, ...rest);
  };
}

/** The launcher can't pass on that it was killed; the channel to it then closes. */
function stopWithLauncher() {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  if (!process.connected) process.exit(1);
  process.channel.unref();
}

/** Runs the program in a newer Node, as if it were this process. */
function relaunch() {
  const node = join(home, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  const needed = `Dragoman needs Node ${NEEDED_MAJOR} or newer; this is ${process.version}.`;
  if (process.env[MARK] !== undefined || !existsSync(node)) {
    fail(`${needed} Install it, or run "npm ci" in a checkout of Dragoman, which brings its own.`);
  }
  const child = spawn(node, [launcher, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [MARK]: '1' },
  });
  child.on('error', (error) => fail(`${needed} The one at ${node} does not start: ${error.message}`));

  // Keys such as Ctrl-C reach every process of the terminal, this one's child included: passing them on
  // would say them twice.
  const isTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  const fromKeys = ['SIGINT', 'SIGQUIT', 'SIGHUP'];
  const signals = [...fromKeys, 'SIGTERM', 'SIGUSR2'];
  for (const signal of signals) {
    process.on(signal, () => {
      if (!isTerminal || !fromKeys.includes(signal)) child.kill(signal);
    });
  }

  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
    // A signal that does not end this process must not look like success.
    setTimeout(() => process.exit(1), 1000);
  });
}

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) await run();
else relaunch();
