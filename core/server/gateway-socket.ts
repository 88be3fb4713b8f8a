/**
 * A WebSocket as little as it can be. `ws` and Node keep a good deal for each socket that is the same for all of them,
 * or that only somebody needs who is not here: most sockets are idle, and there are many. The other file, with
 * `websocket-transport.ts`, that knows their insides; `websocket-transport.test.ts` fails when they change.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { readWholeFrames, type WholeFramesListener } from '../whole-frames.ts';

/** What the socket tells, without a listener for each kind of event. */
export interface SocketReader extends WholeFramesListener {
  /** What is not given to `textMessage`. */
  message(data: Buffer, isBinary: boolean): void;
  pong(data: Buffer): void;
  failed(error: Error): void;
  closed(code: number): void;
}

/** What `ws` and Node keep by these names. */
interface Insides {
  _events: unknown;
  _eventsCount: number;
  _extensions: object;
  _pendingAutoPongs: number;
  readonly _receiver: { _extensions: object };
  readonly _sender: { _extensions: object; _queue: readonly unknown[] };
  readonly _socket: Stream;
}

type Stream = Socket & { readonly _httpMessage?: ServerResponse | null; _peername?: unknown };

/** Nothing is compressed, so that nothing is negotiated and nothing waits to be compressed. */
const NO_EXTENSIONS = Object.freeze({});
const NOTHING_QUEUED: readonly unknown[] = Object.freeze([]);

const insidesOf = (socket: WebSocket): Insides => socket as unknown as Insides;

/** Whether an answer to an earlier request on the same socket has not gone yet. */
export const isAnswering = (stream: object): boolean => (stream as Partial<Stream>)._httpMessage != null;

/** The TCP or TLS socket below. */
export const streamOf = (socket: WebSocket): Socket => insidesOf(socket)._socket;

export class GatewaySocket extends WebSocket {
  /** From here on it hears of everything; whoever listens for events besides hears only of the end. */
  #reader: SocketReader | undefined;

  /** Called by `ws` when an automatic pong is written. As it makes it, it is a function more for each socket. */
  get _autoPongComplete(): () => void {
    return () => {
      insidesOf(this)._pendingAutoPongs--;
    };
  }

  set _autoPongComplete(_made: () => void) {}

  /** Call it before anything is awaited: an event that comes earlier is lost. */
  read(reader: SocketReader): void {
    releaseUpgrade(this);
    slim(insidesOf(this));
    this.#reader = reader;
    readWholeFrames(this, reader);
  }

  override emit(event: string | symbol, ...values: readonly unknown[]): boolean {
    const reader = this.#reader;
    if (reader === undefined) return super.emit(event, ...values);
    switch (event) {
      case 'message':
        reader.message(values[0] as Buffer, values[1] as boolean);
        return true;
      case 'pong':
        reader.pong(values[0] as Buffer);
        return true;
      case 'error':
        reader.failed(values[0] as Error);
        return true;
      case 'close':
        reader.closed(values[0] as number);
        return super.emit(event, ...values);
      default:
        return false;
    }
  }
}

/**
 * Lets go of the request that opened the socket and of the answer to it, which would stay for as long as it is open.
 * Whoever calls it listens for the socket's errors from then on.
 */
export function releaseUpgrade(socket: WebSocket): void {
  // The plugin's listener holds both; so does the stream, as if the answer were still to come.
  socket.removeAllListeners('error');
  const stream = insidesOf(socket)._socket;
  stream._httpMessage?.detachSocket(stream);
}

function slim(socket: Insides): void {
  const { _receiver: receiver, _sender: sender, _socket: stream } = socket;
  // As before the first listener.
  socket._events = undefined;
  socket._eventsCount = 0;
  socket._extensions = NO_EXTENSIONS;
  receiver._extensions = NO_EXTENSIONS;
  sender._extensions = NO_EXTENSIONS;
  sender._queue = NOTHING_QUEUED;
  // Asked again if somebody asks again.
  if (stream._peername !== undefined) stream._peername = undefined;
  // Node's own: it says that nothing can be written after the peer's end, unless half-open sockets are allowed.
  if (!stream.allowHalfOpen) return;
  for (const listener of stream.listeners('end') as (() => void)[]) {
    if (listener.name === 'onReadableStreamEnd') stream.removeListener('end', listener);
  }
}
