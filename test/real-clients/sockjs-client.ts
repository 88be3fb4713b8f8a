/** sockjs-client 1.6.1, which has no types of its own, as far as the tests use it. */
import { createRequire } from 'node:module';
import type { StompSocket } from './stomp-client.ts';

export interface SockJsSocket {
  readonly transport: string | null;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: string }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(text: string): void;
  close(): void;
}

export const SockJs = createRequire(import.meta.url)('sockjs-client') as new (
  url: string,
  protocols: undefined,
  options: { readonly transports: string | readonly string[] },
) => SockJsSocket & StompSocket;

/** The transports that the client has in Node. */
export const TRANSPORTS = ['websocket', 'xhr-streaming', 'eventsource', 'xhr-polling'] as const;
