/** New memory, made the process's own before it is needed. */
import { openSync, read } from 'node:fs';

/** Where nothing but zeros is read. Undefined: not opened yet; null: this system has none for us. */
let zeros: number | null | undefined;
const NEVER: ReadonlySet<string | undefined> = new Set(['ENOENT', 'EACCES', 'EPERM', 'ERR_ACCESS_DENIED']);

function openZeros(): number | undefined {
  try {
    if (zeros === undefined) zeros = openSync('/dev/zero', 'r');
  } catch (error) {
    // Whatever else it is, too many open files say, may be over the next time.
    if (NEVER.has((error as NodeJS.ErrnoException).code)) zeros = null;
  }
  return zeros ?? undefined;
}

/**
 * Fills the bytes with zeros on a thread of Node's pool. The kernel looks for a page of memory when somebody writes to it
 * first. Where a virtual machine gives what it does not use back to its host, that takes longer than storing several
 * messages, and here it is not the event loop that waits for it. `done`, always later: nothing is written to them any
 * more, also where it could not be done.
 */
export function touchElsewhere(bytes: Uint8Array, done: () => void): void {
  const file = openZeros();
  if (file === undefined) setImmediate(done);
  else read(file, bytes, 0, bytes.length, null, () => done());
}
