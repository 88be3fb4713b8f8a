/** New memory, made the process's own before it is needed. */
import { openSync, read } from 'node:fs';

/** Where nothing but zeros is read. Undefined: not opened yet; -1: this system has no such thing. */
let zeros: number | undefined;

function openZeros(): number {
  try {
    return openSync('/dev/zero', 'r');
  } catch {
    return -1;
  }
}

/**
 * Fills the bytes with zeros on a thread of Node's pool. The kernel looks for a page of memory when somebody writes to it
 * first. Where a virtual machine gives what it does not use back to its host, that takes longer than storing several
 * messages, and here it is not the event loop that waits for it. `done`, always later: nothing is written to them any
 * more, also where it could not be done.
 */
export function touchElsewhere(bytes: Uint8Array, done: () => void): void {
  zeros ??= openZeros();
  if (zeros < 0) setImmediate(done);
  else read(zeros, bytes, 0, bytes.length, null, () => done());
}
