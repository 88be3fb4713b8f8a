/** For the tests beside this file: an echo application over SockJS on a port of its own, and plain clients. */
import fastifyWebsocket from '@fastify/websocket';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { type ClientOptions, WebSocket } from 'ws';
import type { Transport, TransportListener } from '../../transport.ts';
import { GatewaySocket } from '../gateway-socket.ts';
import { registerSockJs, type SockJsHandle, type SockJsLimits, type SockJsOptions } from './index.ts';

/** One accepted session and all that its listener was told. */
export interface EchoConnection {
  readonly transport: Transport;
  readonly request: FastifyRequest;
  readonly messages: string[];
  /** `message`, `pong`, `drain`, `refused too_large`, `closed 1000`, ... in order. */
  readonly events: string[];
  /** Resolves when an event of this name has come, now or later. */
  heard(event: string): Promise<void>;
  readonly closed: Promise<number>;
}

export interface EchoServer {
  readonly app: FastifyInstance;
  readonly handle: SockJsHandle;
  readonly base: string;
  readonly connections: EchoConnection[];
  readonly rawMessages: string[];
  /** The nth accepted session, from 0, as soon as it is there. */
  connection(index: number): Promise<EchoConnection>;
  close(): Promise<void>;
}

export type EchoOverrides = Partial<Omit<SockJsOptions, 'limits'>> & {
  readonly limits?: Partial<SockJsLimits>;
  /** False: nothing is sent back. */
  readonly echo?: boolean;
  /** Called on each accepted transport, before its listener is there. */
  readonly onAccept?: (transport: Transport) => void;
  /** Called once each session's listener hears of everything. */
  readonly onBegin?: (connection: EchoConnection) => void;
  /** Adds routes before SockJS does. */
  readonly before?: (app: FastifyInstance) => void;
};

function echoConnection(transport: Transport, request: FastifyRequest, echo: boolean) {
  const events: string[] = [];
  const messages: string[] = [];
  const waiting: { readonly event: string; readonly resolve: () => void }[] = [];
  const tell = (event: string): void => {
    events.push(event);
    for (const waiter of waiting) if (waiter.event === event) waiter.resolve();
  };
  const heard = (event: string): Promise<void> =>
    new Promise((resolve) => {
      if (events.includes(event)) resolve();
      else waiting.push({ event, resolve });
    });
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<number>();
  const listener: TransportListener = {
    message(data, isBinary) {
      const text = Buffer.from(data).toString();
      messages.push(text);
      tell(isBinary ? 'binary' : 'message');
      if (text === 'go away') transport.close(3000, 'Go away!');
      else if (echo) transport.write(transport.frame(text));
    },
    pong: (unasked) => tell(unasked === true ? 'pong unasked' : 'pong'),
    drain: () => tell('drain'),
    refused: (reason) => tell(`refused ${reason}`),
    closed(code) {
      tell(`closed ${code}`);
      resolveClosed(code);
    },
  };
  return { connection: { transport, request, messages, events, heard, closed }, listener };
}

/** Starts the application; the raw WebSocket endpoint echoes too. */
export async function startEcho(overrides: EchoOverrides = {}): Promise<EchoServer> {
  const { echo = true, onAccept, onBegin: begun = () => {}, before, limits, ...options } = overrides;
  const connections: EchoConnection[] = [];
  const rawMessages: string[] = [];
  const arrivals: { readonly index: number; readonly resolve: (connection: EchoConnection) => void }[] = [];
  const app = Fastify();
  await app.register(fastifyWebsocket, { options: { WebSocket: GatewaySocket as never } });
  before?.(app);
  const handle = registerSockJs(app, {
    path: '/ws/echo',
    allowOrigin: () => true,
    remoteAddress: (request) => request.ip,
    accept(transport, request) {
      const { connection, listener } = echoConnection(transport, request, echo);
      connections.push(connection);
      onAccept?.(transport);
      for (const arrival of arrivals) {
        if (arrival.index === connections.length - 1) arrival.resolve(connection);
      }
      return { listener, begin: () => begun(connection) };
    },
    acceptWebSocket(socket) {
      socket.on('message', (data) => {
        rawMessages.push(String(data));
        socket.send(String(data));
      });
    },
    draining: () => false,
    ...options,
    limits: { frame: 262_144, ...limits },
  });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    app,
    handle,
    base: `${address}/ws/echo`,
    connections,
    rawMessages,
    connection(index) {
      const connection = connections[index];
      if (connection !== undefined) return Promise.resolve(connection);
      return new Promise((resolve) => arrivals.push({ index, resolve }));
    },
    close: () => app.close(),
  };
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export async function request(
  method: string,
  url: string,
  body?: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

export const post = (
  url: string,
  body?: string | Uint8Array<ArrayBuffer>,
  headers?: Record<string, string>,
): Promise<Answer> => request('POST', url, body, headers);

/** A response read piece by piece. */
export interface Stream {
  readonly status: number;
  readonly headers: Headers;
  /** The text up to the delimiter, without it; undefined when the response has ended. */
  next(): Promise<string | undefined>;
  abort(): void;
}

export async function stream(method: string, url: string, delimiter: string): Promise<Stream> {
  const controller = new AbortController();
  const response = await fetch(url, { method, signal: controller.signal });
  if (response.body === null) throw new Error('the response has no body');
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    status: response.status,
    headers: response.headers,
    async next() {
      for (;;) {
        const end = text.indexOf(delimiter);
        if (end !== -1) {
          const piece = text.slice(0, end);
          text = text.slice(end + delimiter.length);
          return piece;
        }
        const { done, value } = await reader.read();
        if (done) return undefined;
        text += value;
      }
    },
    abort: () => controller.abort(),
  };
}

/** A WebSocket client whose messages and end can be awaited in order. */
export interface SocketClient {
  readonly socket: WebSocket;
  next(): Promise<string>;
  readonly closed: Promise<number>;
}

export async function connect(
  url: string,
  headers: Record<string, string> = {},
  options: ClientOptions = {},
): Promise<SocketClient> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers, ...options });
  const received: string[] = [];
  const waiting: ((text: string) => void)[] = [];
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<number>();
  socket.on('message', (data) => {
    const waiter = waiting.shift();
    if (waiter === undefined) received.push(String(data));
    else waiter(String(data));
  });
  socket.on('close', (code) => resolveClosed(code));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  return {
    socket,
    next() {
      const text = received.shift();
      if (text !== undefined) return Promise.resolve(text);
      return new Promise((resolve) => waiting.push(resolve));
    },
    closed,
  };
}

/** The status with which an upgrade is refused. */
export function refusedUpgrade(url: string, headers: Record<string, string> = {}): Promise<number> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers });
  socket.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    socket.once('unexpected-response', (clientRequest, response) => {
      resolve(response.statusCode ?? 0);
      clientRequest.destroy();
    });
    socket.once('open', () => reject(new Error('the upgrade succeeded')));
  });
}
