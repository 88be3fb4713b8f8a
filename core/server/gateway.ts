/**
 * A running gateway: the hub behind an HTTP server whose routes are the configured endpoints. Refusals that need
 * no dialect are made before the upgrade; everything after it is said in the dialect's own words.
 */
import { Server as HttpsServer } from 'node:https';
import websocketPlugin from '@fastify/websocket';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { WebSocket } from 'ws';
import type { Config } from '../../schemas/config.ts';
import { makeAuthenticators } from '../auth/authenticators.ts';
import { MemoryBus } from '../bus/memory.ts';
import type { Bus } from '../bus/port.ts';
import type { AnyDialect } from '../dialect.ts';
import { Endpoint } from '../endpoint.ts';
import { errorText } from '../errors.ts';
import { Hub } from '../hub.ts';
import { wireIdentity } from '../identity.ts';
import { metricsRegistry } from '../metrics.ts';
import { seed } from '../seed.ts';
import type { DirectoryStore } from '../store/directory.ts';
import type { IdentityMap, MessageStore } from '../store/port.ts';
import { addressOf, makeApp } from './app.ts';
import { CertificateWatch } from './certificate.ts';
import { Door } from './door.ts';
import { bodyLimitOf, registerSockJs, sockJsGreeting } from './sockjs/index.ts';
import { WebSocketTransport } from './websocket-transport.ts';

/** Bodies of requests that need none; SockJS routes have limits of their own. */
const MAX_BODY_BYTES = 1024;

export interface GatewayParts {
  readonly config: Config;
  readonly dialects: readonly AnyDialect[];
  readonly store: MessageStore;
  readonly identities: IdentityMap;
  readonly directoryStore: DirectoryStore;
  /** Whether the store takes writes; asked for `/readyz`. */
  readonly storeHealth: () => { readonly ok: boolean; readonly error?: string | undefined };
  readonly bus?: Bus;
  readonly log: Logger;
  /** This node's name on the bus. */
  readonly node?: string;
  readonly now?: () => number;
  readonly newId?: () => string;
}

export class Gateway {
  readonly hub: Hub;
  readonly metrics: Registry;
  readonly #app: FastifyInstance;
  readonly #parts: GatewayParts;
  readonly #door: Door;
  #certificate: CertificateWatch | undefined;
  #handshakeTimeouts = 0;
  #draining = false;
  #address: string | undefined;

  private constructor(parts: GatewayParts, hub: Hub, app: FastifyInstance) {
    this.#parts = parts;
    this.hub = hub;
    this.#app = app;
    this.#door = new Door(hub);
    app.server.on('clientError', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ERR_HTTP_REQUEST_TIMEOUT') this.#handshakeTimeouts++;
    });
    app.server.on('tlsClientError', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') this.#handshakeTimeouts++;
    });
    this.metrics = metricsRegistry(
      () => hub.endpoints,
      () => ({
        users: hub.directory.size,
        guests: hub.directory.guests,
        groups: hub.groups.size,
        timers: hub.wheel.size,
        addresses: hub.admission.addresses,
        bannedAddresses: hub.admission.banned,
        handshakeTimeouts: this.#handshakeTimeouts,
        storeHealthy: parts.storeHealth().ok,
      }),
    );
  }

  /** Makes the gateway without listening yet. */
  static async create(parts: GatewayParts): Promise<Gateway> {
    const hub = new Hub({
      config: parts.config,
      store: parts.store,
      identities: parts.identities,
      directoryStore: parts.directoryStore,
      bus: parts.bus ?? new MemoryBus(),
      log: parts.log,
      node: parts.node ?? crypto.randomUUID(),
      now: parts.now ?? Date.now,
      newId: parts.newId ?? (() => crypto.randomUUID()),
    });
    const { endpoints } = parts.config;
    const app = makeApp(parts.config, MAX_BODY_BYTES);
    const known = makeAuthenticators(parts.config.authenticators, parts.log);
    const gateway = new Gateway(parts, hub, app);
    for (const config of endpoints) {
      const dialect = parts.dialects.find(({ id }) => id === config.dialect);
      if (dialect === undefined) throw new Error(`no dialect ${config.dialect}`);
      const authenticators =
        config.auth === 'none'
          ? []
          : config.auth.map((name) => {
              const authenticator = known.get(name);
              if (authenticator === undefined) throw new Error(`no authenticator ${name}`);
              return authenticator;
            });
      const identity = wireIdentity(config.identity, config.namespace, parts.identities);
      hub.addEndpoint(new Endpoint({ config, dialect, authenticators, identity }));
    }
    await seed(hub);
    await gateway.#routes();
    return gateway;
  }

  /** Starts to listen. @returns the base URL, e.g. `http://127.0.0.1:8080` */
  async listen(): Promise<string> {
    const { host, port, tls } = this.#parts.config.listen;
    this.#address = await this.#app.listen({ host, port });
    const { server } = this.#app;
    if (tls !== undefined && server instanceof HttpsServer) {
      this.#certificate = new CertificateWatch(tls, server, this.#parts.log);
    }
    return this.#address;
  }

  /** Reads the certificate's files again, for new connections. False if it can't be used and the old one stays. */
  reloadCertificate(): boolean {
    return this.#certificate?.reload() ?? true;
  }

  get address(): string | undefined {
    return this.#address;
  }

  /**
   * Ends in good order: nothing new is accepted, every client hears its dialect's goodbye, what was accepted is
   * acknowledged, sockets that do not close in time are ended.
   */
  async close(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    this.#certificate?.stop();
    const retireAll = (now: boolean): void => {
      for (const connection of [...this.hub.connections]) {
        const { namespace } = connection;
        connection.retire({ type: 'going_away', namespace, reason: 'shutting_down', afterMs: 1000 }, now);
      }
    };
    retireAll(false);
    const longest = Math.max(0, ...this.hub.endpoints.map(({ config }) => config.limits.closeTimeout));
    let last = setTimeout(() => {
      retireAll(true);
      last = setTimeout(() => {
        for (const connection of this.hub.connections) connection.terminate();
      }, longest);
    }, longest);
    await this.hub.empty();
    clearTimeout(last);
    await this.#app.close();
    this.hub.stop();
    this.metrics.clear();
  }

  async #routes(): Promise<void> {
    const app = this.#app;
    const frameLimits = this.hub.endpoints.map(({ config }) =>
      config.sockjs === false ? config.limits.frame : bodyLimitOf({ frame: config.limits.frame }),
    );
    await app.register(websocketPlugin, {
      options: {
        maxPayload: Math.max(...frameLimits, 1024),
        perMessageDeflate: false,
        handleProtocols: (offered: Set<string>, request: { url?: string | undefined }) =>
          this.#subprotocolFor(offered, request.url ?? ''),
      },
      // Each transport listens for its own errors; the default would end the socket before its close frame.
      errorHandler: () => {},
      // Goodbyes are said by `close` before the server is closed.
      preClose: (done: () => void) => done(),
    });
    for (const endpoint of this.hub.endpoints) this.#endpointRoutes(endpoint);
    app.get('/healthz', async () => ({ status: 'ok' }));
    app.get('/readyz', async (_request, reply) => {
      const store = this.#parts.storeHealth();
      if (this.#draining || !store.ok) reply.code(503);
      return {
        status: this.#draining ? 'draining' : store.ok ? 'ready' : 'store unavailable',
        ...(store.error === undefined ? {} : { error: store.error }),
      };
    });
    app.get('/metrics', async (_request, reply) => {
      reply.type(this.metrics.contentType);
      return this.metrics.metrics();
    });
  }

  #endpointRoutes(endpoint: Endpoint): void {
    const { path, config } = endpoint;
    const upgrade = (socket: WebSocket, request: FastifyRequest): void =>
      this.#accept(endpoint, socket, request);
    this.#app.route({
      method: 'GET',
      url: path,
      preValidation: async (request, reply) => this.#gate(endpoint, request, reply),
      handler: (request, reply) =>
        config.sockjs === false
          ? reply
              .code(426)
              .type('text/plain')
              .send('This is a WebSocket endpoint: connect with ws:// or wss://\n')
          : sockJsGreeting(request, reply),
      wsHandler: upgrade,
    });
    const { sockjs } = config;
    if (sockjs === false) return;
    registerSockJs(this.#app, {
      path,
      limits: { frame: config.limits.frame, sessions: sockjs.sessions },
      heartbeatMs: sockjs.heartbeat,
      disconnectMs: sockjs.disconnectDelay,
      responseBytes: sockjs.responseLimit,
      allowOrigin: (request) => this.#door.isOriginAllowed(endpoint, request),
      remoteAddress: addressOf,
      admit: (request) => this.#door.refusalBeforeOpening(endpoint, request),
      accept: (transport, request) => {
        const { connection, begin } = this.#door.open(endpoint, transport, {
          request,
          subprotocol: undefined,
        });
        setImmediate(begin);
        return connection;
      },
      acceptWebSocket: upgrade,
      draining: () => this.#draining,
    });
  }

  async #gate(endpoint: Endpoint, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (this.#draining) {
      endpoint.metrics.connectionsRefused++;
      await reply.code(503).header('retry-after', '1').type('text/plain').send('shutting down\n');
    } else if (!this.#door.isOriginAllowed(endpoint, request)) {
      await reply.code(403).type('text/plain').send('this origin may not connect here\n');
    } else {
      const refusal = this.#door.refusalBeforeOpening(endpoint, request);
      if (refusal === undefined) return;
      await reply
        .code(refusal.statusCode)
        .header('retry-after', '5')
        .type('text/plain')
        .send(`${refusal.text}\n`);
    }
  }

  /** The endpoint's best subprotocol among those offered, or none. */
  #subprotocolFor(offered: ReadonlySet<string>, url: string): string | false {
    const path = url.split('?', 1)[0] ?? '';
    const endpoint = this.hub.endpoints.find(
      (candidate) => path === candidate.path || path.startsWith(`${candidate.path}/`),
    );
    return endpoint?.dialect.subprotocols.find((subprotocol) => offered.has(subprotocol)) ?? false;
  }

  #accept(endpoint: Endpoint, socket: WebSocket, request: FastifyRequest): void {
    const { closeTimeout } = endpoint.config.limits;
    const transport = new WebSocketTransport(socket, addressOf(request), closeTimeout);
    const subprotocol = socket.protocol === '' ? undefined : socket.protocol;
    try {
      const { connection, begin } = this.#door.open(endpoint, transport, { request, subprotocol });
      transport.listen(connection);
      begin();
    } catch (error) {
      this.#parts.log.error({ err: error, endpoint: endpoint.path }, 'a connection could not be made');
      transport.close(endpoint.closeCode('internal'), errorText('internal', endpoint.config.locale));
    }
  }
}
