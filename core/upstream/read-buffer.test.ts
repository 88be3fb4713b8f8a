import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { connectToRead, type FleetingReader } from './read-buffer.ts';

/** A server, and the ends of its connections, oldest first. */
async function serve() {
  const ends: Socket[] = [];
  const server = createServer((socket) => {
    ends.push(socket.on('error', () => {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const end of ends) end.destroy();
    server.close();
  });
  const { port } = server.address() as { readonly port: number };
  const connect = async (reader: () => FleetingReader | undefined, options: object = {}) => {
    const socket = connectToRead({ host: '127.0.0.1', port, ...options }, reader);
    onTestFinished(() => void socket.destroy());
    await vi.waitUntil(() => ends.length > 0 && socket.readyState === 'open', { interval: 1 });
    return { socket, end: ends.shift() as Socket };
  };
  return { connect };
}

const until = (what: () => boolean): Promise<unknown> => vi.waitUntil(what, { timeout: 10_000, interval: 1 });

it('what waits in a stream stays what it was while others are read', async () => {
  const { connect } = await serve();
  const one = await connect(() => undefined);
  const other = await connect(() => undefined);
  one.end.write('for one');
  await until(() => one.socket.readableLength === 7);
  other.end.write('FOR ANOTHER');
  await until(() => other.socket.readableLength === 11);
  expect(String(one.socket.read())).toBe('for one');
  expect(String(other.socket.read())).toBe('FOR ANOTHER');
});

it('a reader gets nothing before what waits in the stream, and all that comes after it', async () => {
  const { connect } = await serve();
  const read: string[] = [];
  let reader: FleetingReader | undefined;
  const { socket, end } = await connect(() => reader);
  reader = {
    write: (buffer, bytes) => {
      read.push(buffer.toString('latin1', 0, bytes));
      return true;
    },
  };
  end.write('one ');
  await until(() => socket.readableLength === 4);
  end.write('two ');
  await until(() => socket.readableLength === 8);
  expect(read).toEqual([]);
  socket.on('data', (chunk) => read.push(`in the stream: ${chunk}`));
  await until(() => read.join('').endsWith('two '));
  const before = read.length;
  end.write('three');
  await until(() => read.at(-1) === 'three');
  expect(read.slice(0, before).every((chunk) => chunk.startsWith('in the stream: '))).toBe(true);
});

it('a reader that has enough gets nothing more until the stream is resumed', async () => {
  const { connect } = await serve();
  let read = 0;
  const { socket, end } = await connect(() => ({
    write: (_buffer, bytes) => {
      read += bytes;
      return false;
    },
  }));
  socket.on('data', () => {});
  end.write('one');
  await until(() => read === 3);
  expect(socket.isPaused()).toBe(true);
  end.end('two');
  await new Promise((resolve) => setImmediate(resolve));
  expect(read).toBe(3);
  const ended = once(socket, 'end');
  socket.resume();
  await until(() => read === 6);
  socket.resume();
  await ended;
});

it.each(['::1', '127.0.0.2'])('a reader hears the second address when %s refuses', async (first) => {
  const { connect } = await serve();
  let read = '';
  const reader: FleetingReader = {
    write: (buffer, bytes) => {
      read += buffer.toString('latin1', 0, bytes);
      return true;
    },
  };
  const addresses = [
    { address: first, family: first.includes(':') ? 6 : 4 },
    { address: '127.0.0.1', family: 4 },
  ];
  const lookup = (_host: string, _options: object, done: (error: null, found: object) => void): void =>
    process.nextTick(done, null, addresses);
  const { socket, end } = await connect(() => reader, { host: 'two.example', lookup });
  socket.on('data', () => {});
  end.write('from the second');
  await until(() => read === 'from the second');
  expect(socket.autoSelectFamilyAttemptedAddresses).toHaveLength(2);
});

describe('a server that has gone while nothing was read', () => {
  /** Reading stopped, much unread in the kernel, and a write that has failed. */
  async function gone() {
    const { connect } = await serve();
    const read: number[] = [];
    const { socket, end } = await connect(() => ({
      write: (_buffer, bytes) => {
        read.push(bytes);
        return true;
      },
    }));
    const failures: string[] = [];
    socket.on('error', ({ message }) => failures.push(message));
    socket.on('data', () => {});
    socket.pause();
    await new Promise((resolve) => end.write(Buffer.alloc(20_000), resolve));
    end.resetAndDestroy();
    await once(end, 'close');
    let failure: Error | null | undefined;
    while (failure == null) failure = await new Promise((resolve) => socket.write('anybody there?', resolve));
    const bytes = (): number => read.reduce((sum, some) => sum + some, 0);
    return { socket, bytes, failures };
  }

  it('is read to its end, at the pace of whoever reads, before the failure of a write ends it', async () => {
    const { socket, bytes, failures } = await gone();
    socket.write('really?');
    expect([socket.destroyed, bytes(), failures.length]).toEqual([false, 0, 0]);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    await closed;
    expect(bytes()).toBe(20_000);
    expect(failures).toEqual([expect.stringMatching(/write (EPIPE|ECONNRESET)/)]);
  });

  it('is let go of when nobody wants to read it', async () => {
    const { socket, bytes, failures } = await gone();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.destroy();
    await closed;
    expect([bytes(), failures]).toEqual([0, []]);
  });
});
