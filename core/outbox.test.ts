import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Flusher, Outbox } from './outbox.ts';
import type { Transport } from './transport.ts';

/** A transport that keeps what is written to it. */
function recorder(write?: (bytes: Uint8Array) => void) {
  const writes: Uint8Array[] = [];
  let terminated = 0;
  const transport: Transport = {
    kind: 'websocket',
    remoteAddress: '127.0.0.1',
    bufferedBytes: 0,
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

const text = (writes: readonly Uint8Array[]): readonly string[] =>
  writes.map((bytes) => Buffer.from(bytes).toString());

it('writes all that a turn has queued in one write, in order', async () => {
  const { transport, writes } = recorder();
  const counts = { writes: 0 };
  const outbox = new Outbox(transport, new Flusher(0, counts));
  for (const part of ['one ', 'two ', 'three']) outbox.push(Buffer.from(part));
  expect(writes).toEqual([]);
  expect(outbox.pendingBytes).toBe(13);
  await turn();
  expect(text(writes)).toEqual(['one two three']);
  expect([outbox.pendingBytes, counts.writes]).toEqual([0, 1]);
  outbox.push(Buffer.from('four'));
  await turn();
  expect(text(writes)).toEqual(['one two three', 'four']);
});

it('writes a single frame and large frames as they are, without a copy, in their place', async () => {
  const { transport, writes } = recorder();
  const outbox = new Outbox(transport, new Flusher());
  const large = Buffer.alloc(16_384, 'L');
  const larger = Buffer.alloc(100_000, 'M');
  for (const part of [Buffer.from('a'), Buffer.from('b'), large, larger, Buffer.from('c')]) outbox.push(part);
  await turn();
  expect(writes.map(({ length }) => length)).toEqual([2, 16_384, 100_000, 1]);
  expect(writes[1]).toBe(large);
  expect(writes[2]).toBe(larger);
  const single = Buffer.from('single');
  outbox.push(single);
  await turn();
  expect(writes[4]).toBe(single);
});

it('writes at once when it is flushed, and nothing again at the end of the turn', async () => {
  const { transport, writes } = recorder();
  const outbox = new Outbox(transport, new Flusher());
  outbox.push(Buffer.from('now'));
  outbox.flush();
  expect(text(writes)).toEqual(['now']);
  outbox.push(Buffer.from('later'));
  await turn();
  expect(text(writes)).toEqual(['now', 'later']);
});

it('writes nothing that was queued when it is cleared', async () => {
  const { transport, writes } = recorder();
  const outbox = new Outbox(transport, new Flusher());
  outbox.push(Buffer.from('gone'));
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
  first.push(Buffer.from('one'));
  second.push(Buffer.from('two'));
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
    outbox.push(Buffer.from('one '));
    setImmediate(() => outbox.push(Buffer.from('two')));
  });
  await written;
  expect(text(writes)).toEqual(['one two']);
});

it('lets what is in no hurry wait for more of it, and writes it in order with what is', async () => {
  const { transport, writes } = recorder();
  const { promise, resolve } = Promise.withResolvers<void>();
  const last = recorder(() => resolve());
  const flusher = new Flusher();
  const outbox = new Outbox(transport, flusher);
  const other = new Outbox(last.transport, flusher);
  outbox.push(Buffer.from('news '), true);
  await turn();
  expect(writes).toEqual([]);
  outbox.push(Buffer.from('more '), true);
  outbox.push(Buffer.from('message '));
  outbox.push(Buffer.from('and news'), true);
  await turn();
  expect(text(writes)).toEqual(['news more message and news']);
  // Written when the time of the first has come, together with all of the endpoint's.
  outbox.push(Buffer.from('late'), true);
  outbox.push(Buffer.from('r'), true);
  other.push(Buffer.from('last'), true);
  await promise;
  expect(text(writes)).toEqual(['news more message and news', 'later']);
});
