/** A WebSocket client that speaks raw wire messages and waits for events, never for time. */
import { type ClientOptions, WebSocket } from 'ws';

export interface RawClient {
  readonly socket: WebSocket;
  /** Everything received so far, text as it came, binary as latin1 after `binary:`. */
  readonly received: readonly string[];
  send(message: string | object | Uint8Array): void;
  /** The first message from now on, or among those not yet taken, that satisfies the test; it is taken with all before it. */
  next(test?: (message: string) => boolean): Promise<string>;
  /** The same, parsed as JSON. */
  nextJson(test?: (value: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  /** The close code and text. */
  readonly closed: Promise<{ readonly code: number; readonly text: string }>;
  close(): Promise<void>;
  terminate(): void;
}

export async function connectRaw(
  url: string,
  protocols: string | string[] = [],
  options: ClientOptions = {},
): Promise<RawClient> {
  const socket = new WebSocket(url, protocols, options);
  const received: string[] = [];
  let taken = 0;
  let wake: () => void = () => {};
  let ended: { code: number; text: string } | undefined;
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    received.push(isBinary ? `binary:${data.toString('latin1')}` : data.toString());
    wake();
  });
  const closed = new Promise<{ code: number; text: string }>((resolve) => {
    socket.on('close', (code: number, reason: Buffer) => {
      ended = { code, text: reason.toString() };
      resolve(ended);
      wake();
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => {});

  const next = async (test: (message: string) => boolean = () => true): Promise<string> => {
    for (;;) {
      while (taken < received.length) {
        const message = received[taken++] as string;
        if (test(message)) return message;
      }
      if (ended !== undefined) {
        throw new Error(
          `closed with ${ended.code} ${ended.text} while waiting; received: ${received.join('\n')}`,
        );
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    socket,
    received,
    closed,
    send: (message) =>
      socket.send(
        typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message),
      ),
    next,
    nextJson: async (test = () => true) => {
      const parse = (text: string): Record<string, unknown> | undefined => {
        try {
          return JSON.parse(text) as Record<string, unknown>;
        } catch {
          return undefined;
        }
      };
      const text = await next((message) => {
        const value = parse(message);
        return value !== undefined && test(value);
      });
      return JSON.parse(text) as Record<string, unknown>;
    },
    close: async () => {
      socket.close();
      await closed;
    },
    terminate: () => socket.terminate(),
  };
}
