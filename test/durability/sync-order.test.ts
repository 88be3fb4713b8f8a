/** Acknowledged means synced, seen from outside the process: by the system calls of the real gateway. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshDirectory, isFull, PRODUCT, startProcess, UNSYNCED } from './gateway-process.ts';
import { faultInOrder, traceSteps } from './trace.ts';
import { READERS, SPEAKERS, voices, withReaders } from './voices.ts';

const CALLS = 'fsync,fdatasync,pwrite64,read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg';
/** Bytes of each call that are shown: a whole page of the log. */
const SHOWN = 4200;
const EACH = isFull ? 50 : 4;

const canTrace = spawnSync('strace', ['-f', '-e', 'trace=fsync', 'true']).status === 0;
const isSkipped = !canTrace && process.env.CI !== 'true';

/** Runs a gateway under strace while clients of all dialects send; what is wrong with each acknowledged message. */
async function faultsOf(program: readonly string[]): Promise<ReadonlyMap<string, string | undefined>> {
  const data = freshDirectory();
  const file = join(freshDirectory(), 'trace');
  const around = ['strace', '-f', '-y', '-s', String(SHOWN), '-e', `trace=${CALLS}`, '-o', file];
  const gateway = await startProcess({ data, program, around, edit: withReaders });
  const sent = await Promise.all(
    voices.map(async (voice, index) => {
      const user = SPEAKERS[index] as string;
      // Unmasked, so that what the gateway reads can be read in the trace too.
      const client = await voice.enter(gateway, user, { generateMask: (mask) => mask.fill(0) });
      const contents: string[] = [];
      for (let count = 0; count < EACH; count += 1) {
        const content = `${voice.dialect}-says-${count}-`;
        contents.push(content);
        const to = voice.isPrivate && count % 2 === 1 ? { to: READERS[0] } : {};
        voice.say(client, { user, content, ...to });
        // One by one and in bursts: alone in its commit, and sharing it.
        if (count % 4 !== 0) await client.next((wire) => voice.acknowledged(wire, user) === content);
      }
      return contents;
    }),
  );
  await gateway.kill();
  const steps = traceSteps(readFileSync(file, 'latin1'));
  return new Map(sent.flat().map((content) => [content, faultInOrder(steps, content)] as const));
}

describe.skipIf(isSkipped)(
  `under strace${isSkipped ? ' (SKIPPED: strace is not installed or may not trace here)' : ''}`,
  () => {
    it('every ack, RECEIPT and echo is written after a sync that began when the message was in the log', async () => {
      const faults = await faultsOf(PRODUCT);
      expect(faults.size).toBe(voices.length * EACH);
      expect([...faults].filter(([, fault]) => fault !== undefined)).toEqual([]);
    }, 120_000);

    it('a store that does not sync is found out at every message', async () => {
      const faults = await faultsOf(UNSYNCED);
      expect(faults.size).toBe(voices.length * EACH);
      expect([...faults].filter(([, fault]) => fault?.includes('no sync') !== true)).toEqual([]);
    }, 120_000);
  },
);
