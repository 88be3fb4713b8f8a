/**
 * Connections to servers that all read into one buffer. Node takes 64 KiB for each reading of a socket and gives back
 * what was not filled, which costs more than what is done with a message that others have been told before.
 */
import { connect, type NetConnectOpts, type Socket } from 'node:net';

/** As much as Node reads at a time. */
const SIZE = 65_536;

/** Whatever has been read is dealt with before anything else can be. */
const shared = Buffer.allocUnsafeSlow(SIZE);

/** Reads without keeping what it reads. */
export interface FleetingReader {
  /** The first bytes of the buffer, good for this call. False: it asks for a pause. */
  write(buffer: Buffer, bytes: number): boolean;
}

/**
 * Connects as `net.connect` does. Once there is a reader, what comes goes past the stream to it; before, and while the
 * stream is paused or has something left, the stream gets a copy.
 */
export function connectToRead(options: NetConnectOpts, reader: () => FleetingReader | undefined): Socket {
  const socket = connect({ ...options, onread: { buffer: shared, callback: (bytes) => take(bytes) } });
  const take = (bytes: number): boolean => {
    const to = reader();
    if (to === undefined || !socket.readableFlowing || socket.readableLength > 0) {
      return socket.push(Buffer.from(shared.subarray(0, bytes)));
    }
    if (!to.write(shared, bytes)) socket.pause();
    return true;
  };
  return socket;
}
