import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Flusher } from './flusher.ts';
import { type Manner, Outbox } from './outbox.ts';
import type { Transport } from './transport.ts';

/** A transport that keeps what is written to it. */
function recorder(write?: (bytes: Uint8Array) => void) {
  const writes: Uint8Array[] = [];
  let terminated = 0;
  const transport: Transport = {
    kind: 'websocket',
    remoteAddress: '127.0.0.1',
    bufferedBytes: 0,
    text: undefined,
    frame: (message) => Buffer.from(message),
    write: write ?? ((bytes) => writes.push(bytes)),
    ping: () => {},
    pause: () => {},
    resume: () => {},
    close: () => {},
    terminate: () => terminated++,
  };
  return { transport, writes, terminated: () => terminated };
}

/** Queues framed bytes. */
function push(outbox: Outbox, bytes: string | Uint8Array, manner: Manner = 'shared'): void {
  const part = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  outbox.push(part, part.length, manner);
}

const text = (writes: readonly Uint8Array[]): readonly string[] =>
  writes.map((bytes) => Buffer.from(bytes).toString());

it('writes all that a turn has queued in one write, in order', async () => {
  const { transport, writes } = recorder();
  const counts = { writes: 0 };
  const outbox = new Outbox(transport, new Flusher(0, counts));
  for (const part of ['one ', 'two ', 'three']) push(outbox, part);
  expect(writes).toEqual([]);
  expect(outbox.pendingBytes).toBe(13);
  await turn();
  expect(text(writes)).toEqual(['one two three']);
  expect([outbox.pendingBytes, counts.writes]).toEqual([0, 1]);
  push(outbox, 'four');
  await turn();
  expect(text(writes)).toEqual(['one two three', 'four']);
});

it('writes a single frame and large frames as they are, without a copy, in their place', async () => {
  const { transport, writes } = recorder();
  const outbox = new Outbox(transport, new Flusher());
  const large = Buffer.alloc(16_384, 'L');
  const larger = Buffer.alloc(100_000, 'M');
  for (const part of [Buffer.from('a'), Buffer.from('b'), large, larger, Buffer.from('c')])
    push(outbox, part);
  await turn();
  expect(writes.map(({ length }) => length)).toEqual([2, 16_384, 100_000, 1]);
  expect(writes[1]).toBe(large);
  expect(writes[2]).toBe(larger);
  const single = Buffer.from('single');
  push(outbox, single);
  await turn();
  expect(writes[4]).toBe(single);
});

it('writes at once when it is flushed, and nothing again at the end of the turn', async () => {
  const { transport, writes } = recorder();
  const outbox = new Outbox(transport, new Flusher());
  push(outbox, 'now');
  outbox.flush();
  expect(text(writes)).toEqual(['now']);
  push(outbox, 'later');
  await turn();
  expect(text(writes)).toEqual(['now', 'later']);
});

it('writes nothing that was queued when it is cleared', async () => {
  const { transport, writes } = recorder();
  const outbox = new Outbox(transport, new Flusher());
  push(outbox, 'gone');
  outbox.clear();
  await turn();
  expect(writes).toEqual([]);
  expect(outbox.pendingBytes).toBe(0);
});

it('ends a transport that throws, and serves the others of the turn', async () => {
  const flusher = new Flusher();
  const broken = recorder(() => {
    throw new Error('broken');
  });
  const whole = recorder();
  const first = new Outbox(broken.transport, flusher);
  const second = new Outbox(whole.transport, flusher);
  push(first, 'one');
  push(second, 'two');
  await turn();
  expect(broken.terminated()).toBe(1);
  expect(text(whole.writes)).toEqual(['two']);
});

it('joins what several turns queue when the endpoint has a flush interval', async () => {
  const { transport, writes } = recorder();
  const written = new Promise<void>((resolve) => {
    const outbox = new Outbox(
      {
        ...transport,
        write: (bytes) => {
          writes.push(bytes);
          resolve();
        },
      },
      new Flusher(20),
    );
    push(outbox, 'one ');
    setImmediate(() => push(outbox, 'two'));
  });
  await written;
  expect(text(writes)).toEqual(['one two']);
});

it('lets what is in no hurry wait for more of it, and writes it in order with what is', async () => {
  const { transport, writes } = recorder();
  const { promise, resolve } = Promise.withResolvers<void>();
  const last = recorder(() => resolve());
  const flusher = new Flusher(0, { writes: 0 }, { base: 50, perThousand: 0 });
  const outbox = new Outbox(transport, flusher);
  const other = new Outbox(last.transport, flusher);
  push(outbox, 'news ', 'unhurried');
  await turn();
  expect(writes).toEqual([]);
  push(outbox, 'more ', 'unhurried');
  push(outbox, 'message ');
  push(outbox, 'and news', 'unhurried');
  await turn();
  expect(text(writes)).toEqual(['news more message and news']);
  // Written when the time of the first has come, together with all of the endpoint's.
  push(outbox, 'late', 'unhurried');
  push(outbox, 'r', 'unhurried');
  push(other, 'last', 'unhurried');
  await promise;
  expect(text(writes)).toEqual(['news more message and news', 'later']);
});
