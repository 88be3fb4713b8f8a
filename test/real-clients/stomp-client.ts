/**
 * The two STOMP libraries that old pages were shipped with, behind one interface, so that both hold the same
 * conversation. What goes over the wire is the libraries' own doing; it is only recorded here.
 */
import { createRequire } from 'node:module';
import { Client, type IStompSocket, type StompConfig } from '@stomp/stompjs';
import { Awaited } from './awaited.ts';

export interface Delivery {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body, parsed as JSON. */
  json(): Record<string, unknown>;
}

export interface Mailbox {
  readonly id: string;
  readonly received: Awaited<Delivery>;
  unsubscribe(): void;
}

export interface StompFailure {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Ending {
  readonly code: number;
  readonly reason: string;
}

export interface StompPeer {
  /** Headers of CONNECTED. */
  readonly connected: Readonly<Record<string, string>>;
  /** Wire messages as they came and went; binary ones as bytes. */
  readonly sent: Awaited<string | Uint8Array>;
  readonly received: Awaited<string | Uint8Array>;
  /** ERROR frames. */
  readonly errors: Awaited<StompFailure>;
  readonly ended: Promise<Ending>;
  /** Resolves at the RECEIPT of the SUBSCRIBE. */
  subscribe(destination: string): Promise<Mailbox>;
  /** Resolves at the RECEIPT. */
  send(destination: string, body: unknown): Promise<void>;
  /** Sends without asking for a receipt. */
  post(destination: string, body: unknown): void;
  /** Says DISCONNECT and resolves at the library's word that it is done. */
  disconnect(): Promise<void>;
}

/** Both libraries take any object with the face of a browser's WebSocket. */
export type StompSocket = IStompSocket & {
  addEventListener(type: 'message' | 'close', listener: (event: never) => void): void;
};

export interface DialStomp {
  /** Headers of CONNECT. */
  readonly headers?: Record<string, string>;
  /** What the client offers and wants, ms. */
  readonly heartBeat?: readonly [outgoing: number, incoming: number];
  /** Further settings of @stomp/stompjs. */
  readonly settings?: Partial<StompConfig>;
}

export type StompLibrary = (socket: () => StompSocket, options?: DialStomp) => Promise<StompPeer>;

interface Frame {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function deliveryOf({ headers, body }: Frame): Delivery {
  return { headers, body, json: () => JSON.parse(body) as Record<string, unknown> };
}

/** Records what a socket sends and receives, and how it ends. */
function record(socket: StompSocket) {
  const sent = new Awaited<string | Uint8Array>();
  const received = new Awaited<string | Uint8Array>();
  const { promise: ended, resolve: end } = Promise.withResolvers<Ending>();
  const send = socket.send.bind(socket);
  socket.send = (data: string | Uint8Array<ArrayBuffer>) => {
    sent.push(data);
    send(data);
  };
  socket.addEventListener('message', ({ data }: { readonly data: string | ArrayBuffer }) =>
    received.push(typeof data === 'string' ? data : new Uint8Array(data)),
  );
  socket.addEventListener('close', ({ code, reason }: Ending) => {
    end({ code, reason });
    sent.end('the socket was closed');
    received.end('the socket was closed');
  });
  return { sent, received, ended };
}

/** Resolves receipts by id; all that are open fail when the connection ends. */
class Receipts {
  readonly #open = new Map<string, PromiseWithResolvers<void>>();
  #count = 0;

  expect(): { readonly id: string; readonly arrived: Promise<void> } {
    const id = `receipt-${++this.#count}`;
    const waiting = Promise.withResolvers<void>();
    this.#open.set(id, waiting);
    return { id, arrived: waiting.promise };
  }

  arrived(id: string | undefined): void {
    this.#open.get(id ?? '')?.resolve();
    this.#open.delete(id ?? '');
  }

  fail(error: Error): void {
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
  }
}

/** @stomp/stompjs, the library of today. Rejects with an ERROR's body if that answers CONNECT. */
export const modernStomp: StompLibrary = async (
  open,
  { headers = {}, heartBeat = [0, 0], settings } = {},
) => {
  const socket = open();
  const { sent, received, ended } = record(socket);
  const errors = new Awaited<StompFailure>();
  const receipts = new Receipts();
  const mailboxes: Awaited<Delivery>[] = [];
  const login = Promise.withResolvers<Readonly<Record<string, string>>>();
  const gone = Promise.withResolvers<void>();
  const client = new Client({
    webSocketFactory: () => socket,
    connectHeaders: headers,
    heartbeatOutgoing: heartBeat[0],
    heartbeatIncoming: heartBeat[1],
    reconnectDelay: 0,
    ...settings,
    onConnect: (frame) => login.resolve(frame.headers),
    onDisconnect: () => gone.resolve(),
    onUnhandledReceipt: (frame) => receipts.arrived(frame.headers['receipt-id']),
    onStompError: (frame) => errors.push(frame),
  });
  client.activate();
  const over = (): void => {
    const words = errors.all.map(({ body }) => body).join();
    errors.end('the connection ended');
    receipts.fail(new Error(words));
    for (const mailbox of mailboxes) mailbox.end('the connection ended');
    login.reject(new Error(words));
    gone.reject(new Error(words));
  };
  gone.promise.catch(() => {});
  ended.then(over);
  const connected = await login.promise.catch(async (error: Error) => {
    const { code, reason } = await ended;
    throw Object.assign(error, { code, reason, frame: errors.all[0] });
  });
  const send = (destination: string, body: unknown, more: Record<string, string>): void =>
    client.publish({ destination, body: JSON.stringify(body), headers: more });
  return {
    connected,
    sent,
    received,
    errors,
    ended,
    subscribe: async (destination) => {
      const { id: receipt, arrived } = receipts.expect();
      const mailbox = new Awaited<Delivery>();
      mailboxes.push(mailbox);
      const { id, unsubscribe } = client.subscribe(destination, (frame) => mailbox.push(deliveryOf(frame)), {
        receipt,
      });
      await arrived;
      return { id, received: mailbox, unsubscribe: () => unsubscribe() };
    },
    send: (destination, body) => {
      const { id, arrived } = receipts.expect();
      send(destination, body, { receipt: id });
      return arrived;
    },
    post: (destination, body) => send(destination, body, {}),
    disconnect: async () => {
      // The library waits for the receipt of its DISCONNECT before it closes the socket.
      const [, closed] = await Promise.all([gone.promise, ended, client.deactivate()]);
      void closed;
    },
  };
};

/** What the tests use of stompjs 2.3.3, which has no types of its own. */
interface OldClient {
  heartbeat: { outgoing: number; incoming: number };
  debug: null | ((message: string) => void);
  onreceipt: (frame: Frame) => void;
  connect(headers: object, connected: (frame: Frame) => void, failed: (fault: Frame | string) => void): void;
  subscribe(
    destination: string,
    listener: (frame: Frame) => void,
    headers: object,
  ): { readonly id: string; unsubscribe(): void };
  send(destination: string, headers: object, body: string): void;
  disconnect(done: () => void): void;
}
const OldStomp = createRequire(import.meta.url)('stompjs') as { over(socket: StompSocket): OldClient };

/** stompjs 2.3.3 of 2014, still in many pages: speaks 1.1, closes without waiting for a receipt. */
export const oldStomp: StompLibrary = async (open, { headers = {}, heartBeat = [0, 0] } = {}) => {
  const socket = open();
  const { sent, received, ended } = record(socket);
  const errors = new Awaited<StompFailure>();
  const receipts = new Receipts();
  const mailboxes: Awaited<Delivery>[] = [];
  const login = Promise.withResolvers<Readonly<Record<string, string>>>();
  const client = OldStomp.over(socket);
  client.debug = null;
  client.heartbeat = { outgoing: heartBeat[0], incoming: heartBeat[1] };
  client.onreceipt = (frame) => receipts.arrived(frame.headers['receipt-id']);
  client.connect(
    { ...headers },
    (frame) => login.resolve(frame.headers),
    // The library tells of a lost connection by a text, of an ERROR by the frame.
    (fault) => {
      if (typeof fault !== 'string') errors.push(fault);
    },
  );
  const over = (): void => {
    const error = new Error(errors.all.map(({ body }) => body).join());
    errors.end('the connection ended');
    receipts.fail(error);
    for (const mailbox of mailboxes) mailbox.end('the connection ended');
    login.reject(error);
  };
  ended.then(over);
  const connected = await login.promise.catch(async (error: Error) => {
    const { code, reason } = await ended;
    throw Object.assign(error, { code, reason, frame: errors.all[0] });
  });
  return {
    connected,
    sent,
    received,
    errors,
    ended,
    subscribe: async (destination) => {
      const { id: receipt, arrived } = receipts.expect();
      const mailbox = new Awaited<Delivery>();
      mailboxes.push(mailbox);
      const { id, unsubscribe } = client.subscribe(destination, (frame) => mailbox.push(deliveryOf(frame)), {
        receipt,
      });
      await arrived;
      return { id, received: mailbox, unsubscribe };
    },
    send: (destination, body) => {
      const { id, arrived } = receipts.expect();
      client.send(destination, { receipt: id }, JSON.stringify(body));
      return arrived;
    },
    post: (destination, body) => client.send(destination, {}, JSON.stringify(body)),
    disconnect: async () => {
      await new Promise<void>((done) => client.disconnect(done));
      await ended;
    },
  };
};
