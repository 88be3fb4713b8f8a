import type { FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import type { Transport, TransportListener } from '../../transport.ts';
import type { HttpSession } from './http-session.ts';

/** Why a connection may not be opened, as an HTTP answer. */
export interface Refusal {
  /** 4xx or 5xx. */
  readonly statusCode: number;
  /** Shown to the client, as plain text. */
  readonly text: string;
  /** When to come back, s. */
  readonly retryAfter?: number;
}

export interface SockJsLimits {
  /** Longest message, bytes of UTF-8: the endpoint's frame limit. */
  readonly frame: number;
  /**
   * Longest body of `xhr_send` and longest SockJS frame on a WebSocket, bytes. By default three times `frame`:
   * a body is JSON and may hold several messages, and sockjs-client writes an emoji's 4 bytes as 12.
   */
  readonly body?: number;
  /** Most sessions over HTTP at once, those counted that are closed and still say so; 10,000 by default. */
  readonly sessions?: number;
}

/** The limit on a body or a framed WebSocket message, bytes: `maxPayload` of the WebSocket server has to allow it. */
export const bodyLimitOf = (limits: SockJsLimits): number => limits.body ?? limits.frame * 3;

/**
 * The sessions over HTTP below one path. They outlive the routes that serve them when the application is replaced by
 * another one with the same registry; whoever makes it ends what is left in it.
 */
export interface SessionRegistry {
  readonly sessions: Map<string, HttpSession>;
  /** Ids of sessions to which a body is on its way: one each. */
  readonly bodies: Set<string>;
}

export const sessionRegistry = (): SessionRegistry => ({ sessions: new Map(), bodies: new Set() });

/** Ends what is left: for a server that is about to close. */
export function abandonSessions({ sessions }: SessionRegistry): void {
  for (const session of [...sessions.values()]) session.abandon(1012, 'shutting down');
}

/** Whom a session tells of what happens, and what begins once it does: before anything that the client says. */
export interface Accepted {
  readonly listener: TransportListener;
  begin(): void;
}

export interface SockJsOptions {
  /** The endpoint's path, which is the client's base URL: with a leading and without a trailing slash. */
  readonly path: string;
  readonly limits: SockJsLimits;
  /** By default the application's own, whose sessions end with it. */
  readonly registry?: SessionRegistry;
  /** Between two heartbeat frames, ms; 25,000 by default. */
  readonly heartbeatMs?: number;
  /** How long a session lives without a receiving request, ms; 5,000 by default. */
  readonly disconnectMs?: number;
  /** Of the closing handshake of a WebSocket, ms; 5,000 by default. */
  readonly closeTimeoutMs?: number;
  /** A streamed response ends after this many bytes of frames; 131,072 by default. */
  readonly responseBytes?: number;
  /** The endpoint's rule on `Origin`: asked for every request; `false` is answered with 403. */
  allowOrigin(request: FastifyRequest): boolean;
  /** The client's address, as trusted proxies give it. */
  remoteAddress(request: FastifyRequest): string;
  /** Asked before a session or a WebSocket is opened, and for no later request of the session. */
  admit?(request: FastifyRequest): Refusal | undefined;
  /**
   * A session opens. `request` is its first and carries the query (`?token=`) and the cookies; sockjs-client
   * repeats the query of its base URL on every request. May write, ping and close at once. If it throws, the
   * request fails and there is no session.
   */
  accept(transport: Transport, request: FastifyRequest): Accepted;
  /** A WebSocket without SockJS framing, at `{path}/websocket`. */
  acceptWebSocket(socket: WebSocket, request: FastifyRequest): void;
  /** A session is refused because there are `limits.sessions` already. */
  full?(): void;
  /** While true nothing new is opened (503); sessions go on. */
  draining(): boolean;
}

/** What the gateway can see of a registered SockJS endpoint. */
export interface SockJsHandle {
  /** Sessions over HTTP held in memory. */
  readonly sessionCount: number;
}
