/**
 * Connections to servers that all read into one buffer. Node takes 64 KiB for each reading of a socket and gives back
 * what was not filled, which costs more than what is done with a message that others have been told before.
 */
import { Socket, type TcpNetConnectOpts } from 'node:net';

/** As much as Node reads at a time. */
const SIZE = 65_536;

/** Whatever has been read is dealt with before anything else can be. */
const shared = Buffer.allocUnsafeSlow(SIZE);

/** Reads without keeping what it reads. */
export interface FleetingReader {
  /** The first bytes of the buffer, good for this call. False: it asks for a pause. */
  write(buffer: Buffer, bytes: number): boolean;
}

/** What a write comes to when the other side has gone. */
const GONE: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ECONNRESET']);

/**
 * A socket that is read to its end. Whoever writes to a server that has gone learns so before they have read what it
 * said last, most of all while reading is paused; Node would end the socket then, with all that lies unread.
 */
class ReadToTheEnd extends Socket {
  /** Why nothing can be written any more. */
  #gone: Error | undefined;
  #isRead = false;

  override destroy(error?: NodeJS.ErrnoException): this {
    const isUnread = !this.#isRead && error?.syscall === 'write' && GONE.has(error.code);
    if (!isUnread) return super.destroy(error);
    this.#gone ??= error;
    return this;
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk !== null) return super.push(chunk, encoding);
    this.#isRead = true;
    // After an error of a write Node tells nobody of the end.
    if (this.#gone !== undefined) super.destroy(this.#gone);
    return super.push(chunk);
  }
}

/**
 * Connects as `net.connect` does. Once there is a reader, what comes goes past the stream to it; before, and while the
 * stream is paused or has something left, the stream gets a copy.
 */
export function connectToRead(options: TcpNetConnectOpts, reader: () => FleetingReader | undefined): Socket {
  const take = (bytes: number): boolean => {
    const to = reader();
    if (to === undefined || !socket.readableFlowing || socket.readableLength > 0) {
      return socket.push(Buffer.from(shared.subarray(0, bytes)));
    }
    if (!to.write(shared, bytes)) socket.pause();
    return true;
  };
  const socket = new ReadToTheEnd({ ...options, onread: { buffer: shared, callback: take } });
  return socket.connect(options);
}
