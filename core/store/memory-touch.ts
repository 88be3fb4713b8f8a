/** New memory, made the process's own before it is needed. */
import { openSync, read } from 'node:fs';

/** Where nothing but zeros is read. */
const ZEROS = '/dev/zero';

/** This system has none for us, now or later; after anything else, such as too many open files, it is tried again. */
const NEVER: ReadonlySet<string | undefined> = new Set(['ENOENT', 'EACCES', 'EPERM', 'ERR_ACCESS_DENIED']);

/** `done`, always later: nothing is written to the bytes any more, also where it could not be done. */
export type Touch = (bytes: Uint8Array, done: () => void) => void;

/** The file is opened when it is needed first, and once. */
export function toucher(open: () => number = () => openSync(ZEROS, 'r')): Touch {
  /** Null: never. */
  let zeros: number | null | undefined;
  const opened = (): number | undefined => {
    try {
      if (zeros === undefined) zeros = open();
    } catch (error) {
      if (NEVER.has((error as NodeJS.ErrnoException).code)) zeros = null;
    }
    return zeros ?? undefined;
  };
  return (bytes, done) => {
    const file = opened();
    if (file === undefined) setImmediate(done);
    else read(file, bytes, 0, bytes.length, null, () => done());
  };
}

/**
 * Fills the bytes with zeros on a thread of Node's pool. The kernel looks for a page of memory when somebody writes to it
 * first. Where a virtual machine gives what it does not use back to its host, that takes longer than storing several
 * messages, and here it is not the event loop that waits for it.
 */
export const touchElsewhere: Touch = toucher();
