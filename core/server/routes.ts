/**
 * The application of one configuration: its endpoints as routes, health and metrics. Refusals that need no dialect
 * are made before the upgrade; everything after it is said in the dialect's own words.
 */
import websocketPlugin from '@fastify/websocket';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import type { WebSocket } from 'ws';
import type { Config, EndpointConfig } from '../../schemas/config.ts';
import type { Connection } from '../connection.ts';
import type { Endpoint } from '../endpoint.ts';
import { errorText } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { addressOf, makeApp, refuseOtherUpgrades } from './app.ts';
import { type DirectUpgrade, directUpgrade } from './direct-upgrades.ts';
import { type Applicant, type Door, pathOf } from './door.ts';
import { exposition } from './exposition.ts';
import { sayGoodbye } from './farewell.ts';
import { GatewaySocket } from './gateway-socket.ts';
import { bodyLimitOf, registerSockJs, type SessionRegistry, sockJsGreeting } from './sockjs/index.ts';
import { WebSocketTransport } from './websocket-transport.ts';

/** Bodies of requests that need none; SockJS routes have limits of their own. */
const MAX_BODY_BYTES = 1024;

/** What the routes of every configuration share. */
export interface RoutesParts {
  readonly hub: Hub;
  readonly door: Door;
  readonly metrics: Registry;
  readonly draining: () => boolean;
  readonly storeHealth: () => { readonly ok: boolean; readonly error?: string | undefined };
  /** The SockJS sessions over HTTP below a path, whichever configuration they came under. */
  readonly sessionsOf: (path: string) => SessionRegistry;
}

/** An endpoint and what will be its configuration when the application is in force. */
export interface ServedEndpoint {
  readonly endpoint: Endpoint;
  readonly config: EndpointConfig;
}

export interface Served {
  readonly config: Config;
  readonly endpoints: readonly ServedEndpoint[];
  /** Out of service, with SockJS sessions over HTTP that have not ended: their clients still have to hear so. */
  readonly leaving: readonly ServedEndpoint[];
  readonly api: { mount(app: FastifyInstance): void };
}

/** An application, and what is asked of every upgrade before it is; undefined: nothing. */
export interface Routes {
  readonly app: FastifyInstance;
  readonly upgrade: DirectUpgrade | undefined;
}

/** The application, ready to be served. */
export async function makeRoutes(parts: RoutesParts, served: Served): Promise<Routes> {
  const app = makeApp(served.config, MAX_BODY_BYTES);
  const { endpoints, leaving } = served;
  const frameLimits = [...endpoints, ...leaving].map(({ config }) =>
    config.sockjs === false ? config.limits.frame : bodyLimitOf({ frame: config.limits.frame }),
  );
  await app.register(websocketPlugin, {
    options: {
      maxPayload: Math.max(...frameLimits, MAX_BODY_BYTES),
      perMessageDeflate: false,
      // The hub knows who is connected.
      clientTracking: false,
      // The types want what only the CommonJS face of `ws` hangs on the class.
      WebSocket: GatewaySocket as never,
      handleProtocols: (offered: Set<string>, request: { url?: string | undefined }) =>
        subprotocolFor(endpoints, offered, request.url ?? ''),
    },
    // Each transport listens for its own errors; the default would end the socket before its close frame.
    errorHandler: () => {},
    // Sockets outlive the application that opened them; goodbyes are said by the gateway.
    preClose: (done: () => void) => done(),
  });
  refuseOtherUpgrades(app);
  for (const endpoint of endpoints) addEndpoint(app, parts, endpoint);
  for (const endpoint of leaving) addSockJs(app, parts, endpoint);
  addOperation(app, parts);
  served.api.mount(app);
  await app.ready();
  return { app, upgrade: upgradeOf(app, parts, served) };
}

/** Behind proxies the application knows whose word on the client's address is taken. */
function upgradeOf(app: FastifyInstance, parts: RoutesParts, served: Served): DirectUpgrade | undefined {
  if (served.config.listen.trustProxy.length > 0) return undefined;
  const { door, draining } = parts;
  return directUpgrade({
    door,
    draining,
    endpoints: served.endpoints.map(({ endpoint }) => endpoint),
    server: app.websocketServer,
    accept: (endpoint, socket, applicant) => accept(parts, endpoint, socket, applicant),
  });
}

/** The endpoint's best subprotocol among those offered, or none. */
function subprotocolFor(
  endpoints: readonly ServedEndpoint[],
  offered: ReadonlySet<string>,
  url: string,
): string | false {
  const path = pathOf(url);
  const found = endpoints.find(({ config }) => path === config.path || path.startsWith(`${config.path}/`));
  return found?.endpoint.dialect.subprotocols.find((subprotocol) => offered.has(subprotocol)) ?? false;
}

function addOperation(app: FastifyInstance, { metrics, draining, storeHealth }: RoutesParts): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const store = storeHealth();
    if (draining() || !store.ok) reply.code(503);
    return {
      status: draining() ? 'draining' : store.ok ? 'ready' : 'store unavailable',
      ...(store.error === undefined ? {} : { error: store.error }),
    };
  });
  app.get('/metrics', async (_request, reply) => {
    reply.type(metrics.contentType);
    return exposition(metrics);
  });
}

function addEndpoint(app: FastifyInstance, parts: RoutesParts, served: ServedEndpoint): void {
  const { endpoint, config } = served;
  const { path } = config;
  app.route({
    method: 'GET',
    url: path,
    preValidation: async (request, reply) => gate(parts, endpoint, request, reply),
    handler: (request, reply) =>
      config.sockjs === false
        ? reply
            .code(426)
            .type('text/plain')
            .send('This is a WebSocket endpoint: connect with ws:// or wss://\n')
        : sockJsGreeting(request, reply),
    wsHandler: (socket, request) => void accept(parts, endpoint, socket, applicantOf(request)),
  });
  addSockJs(app, parts, served);
}

function addSockJs(app: FastifyInstance, parts: RoutesParts, { endpoint, config }: ServedEndpoint): void {
  const { door, draining, sessionsOf } = parts;
  const { path, sockjs } = config;
  if (sockjs === false) return;
  registerSockJs(app, {
    path,
    limits: { frame: config.limits.frame, sessions: sockjs.sessions },
    registry: sessionsOf(path),
    heartbeatMs: sockjs.heartbeat,
    disconnectMs: sockjs.disconnectDelay,
    responseBytes: sockjs.responseLimit,
    closeTimeoutMs: config.limits.closeTimeout,
    allowOrigin: (request) => door.isOriginAllowed(endpoint, request),
    remoteAddress: addressOf,
    admit: (request) => door.refusalBeforeOpening(endpoint, addressOf(request)),
    accept: (transport, { raw: request }) => {
      const { connection, begin } = door.open(endpoint, transport, { request, subprotocol: undefined });
      return {
        listener: connection,
        begin: () => {
          begin();
          sendAwayIfLate(parts, connection);
        },
      };
    },
    acceptWebSocket: (socket, request) => void accept(parts, endpoint, socket, applicantOf(request)),
    full: () => endpoint.metrics.countRefusal('sockjs_sessions'),
    draining,
  });
}

async function gate(
  { door, draining }: RoutesParts,
  endpoint: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if (draining()) {
    endpoint.metrics.connectionsRefused++;
    await reply.code(503).header('retry-after', '1').type('text/plain').send('shutting down\n');
  } else if (!door.isOriginAllowed(endpoint, request)) {
    await reply.code(403).type('text/plain').send('this origin may not connect here\n');
  } else {
    const refusal = door.refusalBeforeOpening(endpoint, addressOf(request));
    if (refusal === undefined) return;
    const { statusCode, retryAfter = 5, text } = refusal;
    await reply
      .code(statusCode)
      .header('retry-after', String(retryAfter))
      .type('text/plain')
      .send(`${text}\n`);
  }
}

const applicantOf = (request: FastifyRequest): Applicant => ({
  request: request.raw,
  address: addressOf(request),
});

function accept(
  parts: RoutesParts,
  endpoint: Endpoint,
  socket: WebSocket,
  applicant: Applicant,
): Connection | undefined {
  const { closeTimeout } = endpoint.config.limits;
  const { request, address } = applicant;
  // The server of the plugin makes no others.
  const transport = new WebSocketTransport(socket as GatewaySocket, address, closeTimeout);
  const subprotocol = socket.protocol === '' ? undefined : socket.protocol;
  try {
    const { connection, begin } = parts.door.open(endpoint, transport, { request, subprotocol });
    transport.listen(connection);
    begin();
    sendAwayIfLate(parts, connection);
    return connection;
  } catch (error) {
    parts.hub.log.error({ err: error, endpoint: endpoint.path }, 'a connection could not be made');
    // Nobody reads it: a frame of the client's that breaks the protocol would end the process.
    socket.on('error', () => {});
    transport.close(endpoint.closeCode('internal'), errorText('internal', endpoint.config.locale));
    return undefined;
  }
}

/** Others were asked to go while it was being let in. */
function sendAwayIfLate({ draining }: RoutesParts, connection: Connection): void {
  if (draining() || connection.endpoint.isRetired) sayGoodbye(connection);
}
