/** Runs a job in a process of its own, so that nothing of it stays behind. */
import { fork } from 'node:child_process';
import type { Job, JobResult } from './job.ts';

/** Over what the job itself says that it takes: connecting, draining, and a noisy machine. */
const ALLOWANCE_MS = 180_000;

/** Rejects if the generator fails or does not answer in time. */
export async function runJob(job: Job): Promise<JobResult> {
  const child = fork(new URL('./process.ts', import.meta.url), { serialization: 'advanced' });
  const { promise, resolve, reject } = Promise.withResolvers<JobResult>();
  const limit = setTimeout(
    () => reject(new Error('the generator did not answer in time')),
    job.warmUpMs + job.measureMs + ALLOWANCE_MS,
  );
  child.once('message', (answer: { readonly result?: JobResult; readonly error?: string }) => {
    if (answer.result !== undefined) resolve(answer.result);
    else reject(new Error(answer.error));
  });
  child.once('error', reject);
  child.once('exit', (code) => reject(new Error(`the generator ended with ${code}`)));
  child.send(job);
  try {
    return await promise;
  } finally {
    clearTimeout(limit);
    child.kill('SIGKILL');
  }
}
