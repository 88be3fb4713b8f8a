/** What the JavaScript engine is told before there is anything to do. */
import { setFlagsFromString } from 'node:v8';

/** Engines of which it is known that they have the flags; another would complain on standard error. */
const KNOWN = /^13\./;

/**
 * What the middle compiler needed for a function is given back by the thread that asked for it. By default another
 * thread does so, and most of it stays with the allocator: some 15 MB in a gateway that has just warmed up, as much as
 * thousands of idle connections hold.
 */
export function tuneEngine(): void {
  if (KNOWN.test(process.versions.v8)) setFlagsFromString('--no-maglev-destroy-on-background');
}
