/** Servers that fail in ways of which no real one is capable: bare sockets, and WebSockets that say what a test says. */
import { createServer, type Socket } from 'node:net';
import { onTestFinished, vi } from 'vitest';
import { type ServerOptions, WebSocket, WebSocketServer } from 'ws';

export interface FalseServer {
  /** `ws://127.0.0.1:<port>` */
  readonly ws: string;
  /** All that ever connected. */
  readonly accepted: number;
  readonly open: number;
  whenAccepted(count: number): Promise<unknown>;
}

const whenAccepted = (server: { readonly accepted: number }, count: number): Promise<unknown> =>
  vi.waitUntil(() => server.accepted >= count, { timeout: 15_000, interval: 1 });

/** `greet` is called with each socket that connects. It ends with the test. */
export async function startBareServer(greet: (socket: Socket) => void): Promise<FalseServer> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const listener = createServer((socket) => {
    accepted++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    // Read, so that its end is seen.
    socket.on('data', () => {});
    greet(socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  const { port } = listener.address() as { readonly port: number };
  const server: FalseServer = {
    ws: `ws://127.0.0.1:${port}`,
    get accepted() {
      return accepted;
    },
    get open() {
      return sockets.size;
    },
    whenAccepted: (count) => whenAccepted(server, count),
  };
  return server;
}

/** A port on which nobody listens. */
export async function deadEnd(): Promise<string> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { readonly port: number };
  await new Promise<void>((resolve) => listener.close(() => resolve()));
  return `ws://127.0.0.1:${port}`;
}

export interface ScriptedServer extends FalseServer {
  /** The connections there are, oldest first. */
  readonly sockets: readonly WebSocket[];
}

export interface Script {
  opened?(socket: WebSocket, number: number): void;
  /** A text message, parsed where it is JSON. */
  said?(socket: WebSocket, message: Said, number: number): void;
}

export interface Said {
  readonly type?: string;
  readonly data?: { readonly id?: string; readonly content?: string };
}

/** A WebSocket server that does as the script says; connections are numbered from 1. It ends with the test. */
export async function startScriptedServer(
  script: Script,
  options: ServerOptions = {},
): Promise<ScriptedServer> {
  const listener = new WebSocketServer({ ...options, host: '127.0.0.1', port: 0 });
  let accepted = 0;
  listener.on('connection', (socket) => {
    const number = ++accepted;
    socket.on('error', () => {});
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      script.said?.(socket, (text.startsWith('{') ? JSON.parse(text) : {}) as Said, number);
    });
    script.opened?.(socket, number);
  });
  await new Promise((resolve) => listener.once('listening', resolve));
  onTestFinished(() => {
    for (const socket of listener.clients) socket.terminate();
    listener.close();
  });
  const { port } = listener.address() as { readonly port: number };
  const server: ScriptedServer = {
    ws: `ws://127.0.0.1:${port}`,
    get accepted() {
      return accepted;
    },
    get open() {
      return listener.clients.size;
    },
    get sockets() {
      return [...listener.clients].filter(({ readyState }) => readyState === WebSocket.OPEN);
    },
    whenAccepted: (count) => whenAccepted(server, count),
  };
  return server;
}

/** The words of a server that speaks `json`. */
export const jsonWords = {
  letIn: (socket: WebSocket, userId: string): void =>
    socket.send(JSON.stringify({ type: 'auth_success', data: { userId } })),
  ack: (socket: WebSocket, id: string | undefined): void =>
    socket.send(JSON.stringify({ type: 'ack', data: { id, status: 'success' } })),
  message: (socket: WebSocket, content: string, from = 'bob'): void =>
    socket.send(jsonMessage(content, from)),
};

export const jsonMessage = (content: string, fromId = 'bob'): string =>
  JSON.stringify({
    type: 'message',
    data: {
      id: content.slice(0, 64),
      fromId,
      toId: 'lobby',
      chatType: 'group',
      content,
      contentType: 'text',
      replyTo: '',
      imageUrl: '',
      timestamp: 1_765_679_400_000,
    },
  });
