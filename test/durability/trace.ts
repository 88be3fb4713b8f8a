/**
 * Reads what strace wrote and judges the order of durability: which acknowledgement was written to a socket
 * without a sync of the message's own bytes before it. Knows system calls and nothing of the gateway.
 */

/** One thing that the kernel was asked for or answered, in the order in which the tracer saw it. */
export interface TraceStep {
  readonly kind: 'received' | 'logged' | 'sync begins' | 'sync ends' | 'written';
  readonly text: string;
}

const RECEIVE = new Set(['read', 'recvfrom', 'recvmsg', 'readv']);
const WRITE = new Set(['write', 'writev', 'sendto', 'sendmsg']);
const SYNC = new Set(['fsync', 'fdatasync']);
/** The write-ahead log of the database. */
const LOG = /dragoman\.db-wal>/;
const CALL = /^(\d+) +(\w+)\((.*)$/;
const RESUMED = /^(\d+) +<\.\.\. (\w+) resumed>(.*)$/;
const UNFINISHED = ' <unfinished ...>';

/** Steps of a trace made by `strace -f -y`, which names the file behind each descriptor. */
export function traceSteps(trace: string): readonly TraceStep[] {
  const steps: TraceStep[] = [];
  const begun = new Map<string, string>();
  for (const line of trace.split('\n')) {
    const resumed = RESUMED.exec(line);
    const call = CALL.exec(line);
    const [, thread = '', name = '', rest = ''] = resumed ?? call ?? [];
    if (name === '') continue;
    const isUnfinished = resumed === null && rest.endsWith(UNFINISHED);
    const text = resumed === null ? rest : (begun.get(thread) ?? '') + rest;
    if (isUnfinished) begun.set(thread, rest.slice(0, -UNFINISHED.length));
    // What goes out is known when the call begins, what comes in when it ends.
    if (WRITE.has(name) && resumed === null && isSocket(text)) steps.push({ kind: 'written', text });
    if (RECEIVE.has(name) && !isUnfinished && isSocket(text)) steps.push({ kind: 'received', text });
    if (name === 'pwrite64' && !isUnfinished && LOG.test(text)) steps.push({ kind: 'logged', text });
    if (!SYNC.has(name) || !LOG.test(text)) continue;
    if (resumed === null) steps.push({ kind: 'sync begins', text });
    if (!isUnfinished && / = 0$/.test(text)) steps.push({ kind: 'sync ends', text });
  }
  return steps;
}

function isSocket(text: string): boolean {
  return /^\d+<(?:socket|TCP|TCPv6):/.test(text);
}

/**
 * What is wrong with the order in which a message, which its content names, was received, logged, synced and
 * told: to its sender as an acknowledgement, or to anybody else. Undefined: nothing.
 */
export function faultInOrder(steps: readonly TraceStep[], content: string): string | undefined {
  const find = (from: number, test: (step: TraceStep) => boolean): number => {
    const index = steps.slice(from).findIndex(test);
    return index < 0 ? -1 : from + index;
  };
  const has = (kind: TraceStep['kind']) => (step: TraceStep) =>
    step.kind === kind && step.text.includes(content);
  const received = find(0, has('received'));
  if (received < 0) return 'it was never received';
  const written = find(0, has('written'));
  if (written < 0) return 'it was never told';
  const logged = find(received, has('logged'));
  if (logged < 0 || logged > written) return 'it was told before it was in the log';
  const begins = find(logged, ({ kind }) => kind === 'sync begins');
  if (begins < 0 || begins > written) return 'it was told and no sync had begun after it was in the log';
  const ends = find(begins, ({ kind }) => kind === 'sync ends');
  if (ends < 0 || ends > written) return 'it was told while its sync was under way';
  return undefined;
}
