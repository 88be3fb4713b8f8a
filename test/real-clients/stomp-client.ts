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

/** What is the same for both libraries: the record of the wire, and everything that waits for the other side. */
class Watch {
  readonly sent = new Awaited<string | Uint8Array>();
  readonly received = new Awaited<string | Uint8Array>();
  readonly errors = new Awaited<StompFailure>();
  readonly receipts = new Receipts();
  readonly ended: Promise<Ending>;
  readonly login = Promise.withResolvers<Readonly<Record<string, string>>>();
  readonly #mailboxes: Awaited<Delivery>[] = [];

  constructor(socket: StompSocket) {
    const send = socket.send.bind(socket);
    socket.send = (data: string | Uint8Array<ArrayBuffer>) => {
      this.sent.push(data);
      send(data);
    };
    socket.addEventListener('message', ({ data }: { readonly data: string | ArrayBuffer }) =>
      this.received.push(typeof data === 'string' ? data : new Uint8Array(data)),
    );
    const ended = Promise.withResolvers<Ending>();
    this.ended = ended.promise;
    socket.addEventListener('close', ({ code, reason }: Ending) => {
      ended.resolve({ code, reason });
      this.#over();
    });
  }

  #over(): void {
    const why = 'the connection ended';
    for (const waiting of [this.sent, this.received, this.errors, ...this.#mailboxes]) waiting.end(why);
    const error = new Error(this.errors.all.map(({ body }) => body).join());
    this.receipts.fail(error);
    this.login.reject(error);
  }

  /** Headers of CONNECTED. Rejects with the ERROR and the close code where the login fails. */
  async connected(): Promise<Readonly<Record<string, string>>> {
    try {
      return await this.login.promise;
    } catch (error) {
      throw Object.assign(error as Error, await this.ended, { frame: this.errors.all[0] });
    }
  }

  mailbox(): Awaited<Delivery> {
    const mailbox = new Awaited<Delivery>();
    this.#mailboxes.push(mailbox);
    return mailbox;
  }
}

/** Calls `ask` with the id of a receipt and resolves when that comes. */
async function receipted<Value>({ receipts }: Watch, ask: (receipt: string) => Value): Promise<Value> {
  const { id, arrived } = receipts.expect();
  const value = ask(id);
  await arrived;
  return value;
}

/** @stomp/stompjs, the library of today. */
export const modernStomp: StompLibrary = async (
  open,
  { headers = {}, heartBeat = [0, 0], settings } = {},
) => {
  const socket = open();
  const watch = new Watch(socket);
  const gone = Promise.withResolvers<void>();
  const client = new Client({
    webSocketFactory: () => socket,
    connectHeaders: headers,
    heartbeatOutgoing: heartBeat[0],
    heartbeatIncoming: heartBeat[1],
    reconnectDelay: 0,
    ...settings,
    onConnect: (frame) => watch.login.resolve(frame.headers),
    onDisconnect: () => gone.resolve(),
    onUnhandledReceipt: (frame) => watch.receipts.arrived(frame.headers['receipt-id']),
    onStompError: (frame) => watch.errors.push(frame),
  });
  client.activate();
  const send = (destination: string, body: unknown, more: Record<string, string>): void =>
    client.publish({ destination, body: JSON.stringify(body), headers: more });
  return {
    connected: await watch.connected(),
    sent: watch.sent,
    received: watch.received,
    errors: watch.errors,
    ended: watch.ended,
    subscribe: (destination) =>
      receipted(watch, (receipt) => {
        const received = watch.mailbox();
        const { id, unsubscribe } = client.subscribe(
          destination,
          (frame) => received.push(deliveryOf(frame)),
          { receipt },
        );
        return { id, received, unsubscribe: () => unsubscribe() };
      }),
    send: (destination, body) => receipted(watch, (receipt) => send(destination, body, { receipt })),
    post: (destination, body) => send(destination, body, {}),
    // The library calls `onDisconnect` at the receipt of its DISCONNECT, and closes the socket then.
    disconnect: async () => {
      await Promise.all([client.deactivate(), gone.promise, watch.ended]);
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
  const watch = new Watch(socket);
  const client = OldStomp.over(socket);
  client.debug = null;
  client.heartbeat = { outgoing: heartBeat[0], incoming: heartBeat[1] };
  client.onreceipt = (frame) => watch.receipts.arrived(frame.headers['receipt-id']);
  client.connect(
    { ...headers },
    (frame) => watch.login.resolve(frame.headers),
    // The library tells of a lost connection by a text, of an ERROR by the frame.
    (fault) => {
      if (typeof fault !== 'string') watch.errors.push(fault);
    },
  );
  return {
    connected: await watch.connected(),
    sent: watch.sent,
    received: watch.received,
    errors: watch.errors,
    ended: watch.ended,
    subscribe: (destination) =>
      receipted(watch, (receipt) => {
        const received = watch.mailbox();
        const { id, unsubscribe } = client.subscribe(
          destination,
          (frame) => received.push(deliveryOf(frame)),
          { receipt },
        );
        return { id, received, unsubscribe };
      }),
    send: (destination, body) =>
      receipted(watch, (receipt) => client.send(destination, { receipt }, JSON.stringify(body))),
    post: (destination, body) => client.send(destination, {}, JSON.stringify(body)),
    disconnect: async () => {
      await new Promise<void>((done) => client.disconnect(done));
      await watch.ended;
    },
  };
};
