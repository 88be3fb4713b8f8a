/** What the kernel says of a process: the time that it computed, and the memory that it holds. */
import { readFileSync } from 'node:fs';

/** Clock ticks a second, in which Linux counts times for programs (USER_HZ). */
const TICKS = 100;
/** Fields of /proc/<pid>/stat after the name, from 0: user and system time of all threads, in ticks. */
const USER_FIELD = 11;
const SYSTEM_FIELD = 12;

/** Seconds of user and system time of all threads since the start. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name stands in parentheses and may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD])) / TICKS;
}

/** Resident memory, bytes. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}
