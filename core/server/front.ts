/**
 * The server that listens, for as long as the gateway runs, and hands every request to the application in force: an
 * application with the routes of one configuration is replaced without a socket noticing.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { AdmissionLimits, TlsConfig } from '../../schemas/config.ts';
import { CertificateWatch, readCertificate } from './certificate.ts';
import type { DirectUpgrade } from './direct-upgrades.ts';
import { isAnswering } from './gateway-socket.ts';

/** How far apart the server looks for sockets that are over their deadline, at most, ms. */
const CHECK_INTERVAL_MS = 1000;

export interface FrontOptions {
  readonly tls: TlsConfig | undefined;
  /** How long what may take, ms. */
  readonly admission: Pick<AdmissionLimits, 'handshake' | 'request' | 'keepAlive'>;
  readonly log: Logger;
}

/** A server, and the application that it serves. */
export class Front {
  /** Sockets ended because no handshake or no whole request came in time. */
  timeouts = 0;
  readonly #options: FrontOptions;
  readonly #shell: FastifyInstance;
  /** The server lets go of them: it would wait for their end, and not end them itself. */
  readonly #upgraded = new Set<Duplex>();
  /** Below TLS: the server does not know of a socket before its handshake is over, but waits for its end. */
  readonly #accepted = new Set<Duplex>();
  #isClosing = false;
  #app: FastifyInstance | undefined;
  #direct: DirectUpgrade | undefined;
  #certificate: CertificateWatch | undefined;
  #address: string | undefined;

  /** @throws Error if the certificate can't be used */
  constructor(options: FrontOptions) {
    this.#options = options;
    const { tls } = options;
    // The shell has no routes: it listens (on both addresses of localhost), answers what is no HTTP, and closes.
    this.#shell = Fastify({
      logger: false,
      forceCloseConnections: true,
      ...(tls === undefined ? {} : { https: {} }),
      serverFactory: () => this.#makeServer(),
    } as object) as unknown as FastifyInstance;
    this.#shell.server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  #makeServer(): Server | HttpsServer {
    const { tls, admission } = this.#options;
    const { handshake: handshakeMs, request, keepAlive } = admission;
    const options = {
      headersTimeout: handshakeMs,
      requestTimeout: Math.max(request, handshakeMs),
      keepAliveTimeout: keepAlive,
      connectionsCheckingInterval: Math.max(50, Math.min(CHECK_INTERVAL_MS, handshakeMs / 4)),
      // Answered in its turn, as a plain request: two would write to the socket otherwise.
      shouldUpgradeCallback: ({ socket }: IncomingMessage): boolean => !isAnswering(socket),
    };
    const handle = (request: IncomingMessage, response: ServerResponse): void =>
      this.#app?.routing(request, response);
    const server =
      tls === undefined
        ? createServer(options, handle)
        : createSecureServer({ ...options, ...readCertificate(tls), handshakeTimeout: handshakeMs }, handle);
    if (tls !== undefined) server.on('connection', (socket) => this.#keep(socket, this.#accepted));
    server.on('clientError', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ERR_HTTP_REQUEST_TIMEOUT') this.timeouts++;
    });
    server.on('tlsClientError', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') this.timeouts++;
    });
    return server;
  }

  /** Until it ends, which is at once where nothing is served any more. */
  #keep(socket: Duplex, kept: Set<Duplex>): void {
    kept.add(socket);
    socket.once('close', () => kept.delete(socket));
    if (this.#isClosing) socket.destroy();
  }

  /** An application that never listens hears of upgrades as if it did. */
  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A Node that does not ask above: it would fail at the end of the earlier answer.
    if (isAnswering(socket)) {
      // The server has stopped listening: an error of that answer would end the process.
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    if (this.#direct?.(request, socket, head) === true) return;
    const { server } = this.#app ?? {};
    this.#keep(socket, this.#upgraded);
    if (socket.destroyed) return;
    if (server === undefined || server.listenerCount('upgrade') === 0) socket.destroy();
    else server.emit('upgrade', request, socket, head);
  }

  /** The base URL, once it listens. */
  get address(): string | undefined {
    return this.#address;
  }

  /**
   * Every request goes there from now on. Give an application that is ready; the one before is no longer asked.
   * `upgrade` is asked before the application; who gives it ends the sockets that it has taken over.
   */
  serve(app: FastifyInstance, upgrade?: DirectUpgrade): void {
    this.#app = app;
    this.#direct = upgrade;
  }

  /** @returns the base URL, e.g. `http://127.0.0.1:8080` */
  async listen(host: string, port: number): Promise<string> {
    this.#address = await this.#shell.listen({ host, port });
    const { tls, log } = this.#options;
    if (tls !== undefined) {
      this.#certificate = new CertificateWatch(tls, this.#shell.server as unknown as HttpsServer, log);
    }
    return this.#address;
  }

  /** Reads the certificate's files again, for new connections. False if it can't be used and the old one stays. */
  reloadCertificate(): boolean {
    return this.#certificate?.reload() ?? true;
  }

  /** Stops looking after the certificate; everything else goes on until `close`. */
  stopWatching(): void {
    this.#certificate?.stop();
  }

  /** Ends every socket that is left to it, and resolves when none is. */
  async close(): Promise<void> {
    this.stopWatching();
    this.#isClosing = true;
    const closed = this.#shell.close();
    for (const socket of [...this.#upgraded, ...this.#accepted]) socket.destroy();
    await closed;
  }
}
