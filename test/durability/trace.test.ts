import { describe, expect, it } from 'vitest';
import { faultInOrder, traceSteps } from './trace.ts';

const RECEIVED = '7 read(21<socket:[5]>, "\\201\\231hello-1", 65536) = 42';
const LOGGED = '9 pwrite64(18</d/dragoman.db-wal>, "\\r\\0hello-1", 4096, 56) = 4096';
const SYNCED = '9 fdatasync(18</d/dragoman.db-wal>) = 0';
const ACK = '7 write(21<socket:[5]>, "\\201\\10ack hello-1", 12) = 12';
const judge = (...lines: readonly string[]) => faultInOrder(traceSteps(lines.join('\n')), 'hello-1');

describe('the order of durability', () => {
  it.each<[string, readonly string[]]>([
    ['after the sync', [RECEIVED, LOGGED, SYNCED, ACK]],
    [
      'after a sync that other threads interrupt in the trace',
      [
        '7 read(21<socket:[5]>,  <unfinished ...>',
        '7 <... read resumed>"hello-1", 65536) = 42',
        LOGGED,
        '9 fdatasync(18</d/dragoman.db-wal> <unfinished ...>',
        '7 read(22<socket:[6]>, "other", 65536) = 5',
        '9 <... fdatasync resumed>)         = 0',
        ACK,
      ],
    ],
  ])('is kept %s', (_what, lines) => {
    expect(judge(...lines)).toBeUndefined();
  });

  it.each<[string, RegExp, readonly string[]]>([
    ['without any sync', /no sync had begun/, [RECEIVED, LOGGED, ACK]],
    ['before the sync', /no sync had begun/, [RECEIVED, LOGGED, ACK, SYNCED]],
    ['after an earlier sync only', /no sync had begun/, [RECEIVED, SYNCED, LOGGED, ACK]],
    [
      'while the sync is under way',
      /under way/,
      [
        RECEIVED,
        LOGGED,
        '9 fdatasync(18</d/dragoman.db-wal> <unfinished ...>',
        ACK,
        '9 <... fdatasync resumed>) = 0',
      ],
    ],
    [
      'after a sync that failed',
      /under way/,
      [RECEIVED, LOGGED, '9 fdatasync(18</d/dragoman.db-wal>) = -1 EIO (x)', ACK],
    ],
    [
      'after the sync of another file',
      /no sync had begun/,
      [RECEIVED, LOGGED, '9 fsync(18</d/other>) = 0', ACK],
    ],
    ['before it is in the log', /before it was in the log/, [RECEIVED, ACK, LOGGED, SYNCED]],
    ['never', /never told/, [RECEIVED, LOGGED, SYNCED]],
  ])('is broken by an acknowledgement %s', (_what, fault, lines) => {
    expect(judge(...lines)).toMatch(fault);
  });
});
