/** Where the figures were taken. */
import { cpus, release, totalmem, type } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
}

export function thisMachine(): Machine {
  const all = cpus();
  // A kernel's name after the version may name a host.
  const version = /^\d+\.\d+(?:\.\d+)?/.exec(release())?.[0] ?? '';
  return {
    cpu: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${version}`,
    node: process.version,
  };
}
