/**
 * A running gateway: the hub behind a server that listens for as long as it runs, and the application of the
 * configuration in force. A reload replaces the application and whatever else has changed; sockets stay.
 */
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Config } from '../../schemas/config.ts';
import { Authenticators } from '../auth/authenticators.ts';
import { MemoryBus } from '../bus/memory.ts';
import type { Bus } from '../bus/port.ts';
import type { Connection } from '../connection.ts';
import type { AnyDialect } from '../dialect.ts';
import type { Endpoint } from '../endpoint.ts';
import { GatewayError } from '../errors.ts';
import { Hooks } from '../hooks/hooks.ts';
import { Hub } from '../hub.ts';
import { newUuid } from '../ids.ts';
import { lendIntegers } from '../numbering.ts';
import type { ReloadOutcome } from '../operator.ts';
import type { AddressGuard } from '../outbound/addresses.ts';
import { OutboundMetrics } from '../outbound/metrics.ts';
import { reseed } from '../reseed.ts';
import { assignIntegers, seed } from '../seed.ts';
import type { DirectoryStore } from '../store/directory.ts';
import type { RegisteredMetrics } from '../store/metrics.ts';
import type { IdentityMap, MessageStore } from '../store/port.ts';
import { Api } from './api/index.ts';
import { Door } from './door.ts';
import { type EndpointsParts, endpointsFor, putInForce } from './endpoints.ts';
import { sendAway } from './farewell.ts';
import { Front } from './front.ts';
import { gatewayMetrics } from './gateway-metrics.ts';
import { type ConfigSource, Reloader } from './reload.ts';
import { makeRoutes, type Routes, type RoutesParts, type ServedEndpoint } from './routes.ts';
import { abandonSessions, type SessionRegistry, sessionRegistry } from './sockjs/index.ts';

export interface GatewayParts {
  readonly config: Config;
  /** Where a reload finds the configuration; without it there is none. */
  readonly source?: ConfigSource;
  readonly dialects: readonly AnyDialect[];
  readonly store: MessageStore;
  readonly identities: IdentityMap;
  readonly directoryStore: DirectoryStore;
  /** Whether the store takes writes; asked for `/readyz`. */
  readonly storeHealth: () => { readonly ok: boolean; readonly error?: string | undefined };
  /** Of a store that has something to tell. */
  readonly storeMetrics?: RegisteredMetrics | undefined;
  readonly bus?: Bus;
  readonly log: Logger;
  /** This node's name on the bus. */
  readonly node?: string;
  readonly now?: () => number;
  readonly newId?: () => string;
  /** Where hooks, authenticators, exchanges and fetches of keys may connect to; by default as `allowPrivate` says. */
  readonly addressGuard?: (allowPrivate: boolean | readonly string[]) => AddressGuard;
}

export class Gateway {
  readonly hub: Hub;
  readonly metrics: Registry;
  readonly #log: Logger;
  readonly #parts: EndpointsParts;
  readonly #front: Front;
  readonly #api: Api;
  readonly #routes: RoutesParts;
  readonly #reloader: Reloader;
  readonly #sessions = new Map<string, SessionRegistry>();
  #app: FastifyInstance | undefined;
  /** The API's, beside it or on its own listener. */
  #apiApp: FastifyInstance | undefined;
  #draining = false;

  private constructor(parts: GatewayParts, operated: EndpointsParts) {
    const { hub, hooks } = operated;
    const { listen, limits } = parts.config;
    this.#parts = operated;
    this.#log = parts.log;
    this.hub = hub;
    this.#front = new Front({ tls: listen.tls, admission: limits.admission, log: parts.log });
    const draining = (): boolean => this.#draining;
    const { storeHealth, storeMetrics } = parts;
    const timeouts = (): number => this.#front.timeouts;
    const { registry, operation } = gatewayMetrics({
      hub,
      hooks,
      storeHealth,
      storeMetrics,
      draining,
      timeouts,
    });
    this.metrics = registry;
    this.#api = new Api({ hub, registry: this.metrics, draining });
    this.#routes = {
      hub,
      door: new Door(hub),
      metrics: this.metrics,
      draining,
      storeHealth,
      sessionsOf: (path) => this.#sessionsOf(path),
    };
    this.#reloader = new Reloader({
      source: parts.source,
      config: () => hub.config,
      connections: (path) => hub.endpoints.find((endpoint) => endpoint.path === path)?.connectionCount ?? 0,
      takeOver: (config) => this.#takeOver(config),
      draining,
      metrics: operation,
      log: parts.log,
    });
    hub.operator = this.#reloader;
  }

  /** Makes the gateway without listening yet. */
  static async create(parts: GatewayParts): Promise<Gateway> {
    const { config, log, dialects } = parts;
    const now = parts.now ?? Date.now;
    const metrics = new OutboundMetrics();
    const outbound = { metrics, log, now, guard: parts.addressGuard };
    const hooks = new Hooks({ config, ...outbound });
    const hub = new Hub({
      hooks,
      config,
      store: parts.store,
      identities: parts.identities,
      directoryStore: parts.directoryStore,
      bus: parts.bus ?? new MemoryBus(),
      log,
      node: parts.node ?? crypto.randomUUID(),
      now,
      newId: parts.newId ?? newUuid,
    });
    const authenticators = new Authenticators(outbound);
    const gateway = new Gateway(parts, { hub, hooks, authenticators, dialects, outbound });
    authenticators.prepare(config.authenticators)();
    const served = endpointsFor(gateway.#parts, config);
    for (const one of served) {
      putInForce(gateway.#parts, one);
      hub.addEndpoint(one.endpoint);
    }
    await seed(hub);
    gateway.#serve(await gateway.#prepare(config, served), config);
    return gateway;
  }

  /** Starts to listen. @returns the base URL, e.g. `http://127.0.0.1:8080` */
  async listen(): Promise<string> {
    const { config } = this.hub;
    await this.#api.listen(config);
    return this.#front.listen(config.listen.host, config.listen.port);
  }

  /** Reads the certificate's files again, for new connections. False if it can't be used and the old one stays. */
  reloadCertificate(): boolean {
    const isApiReady = this.#api.reloadCertificate();
    return this.#front.reloadCertificate() && isApiReady;
  }

  get address(): string | undefined {
    return this.#front.address;
  }

  /** Where the HTTP API listens, once it does; undefined where there is none. */
  get apiAddress(): string | undefined {
    return this.#api.addressBeside(this.#front.address);
  }

  /** Reads the configuration again and takes it over. @throws GatewayError shutting_down, store_unavailable */
  reload(): Promise<ReloadOutcome> {
    return this.#reloader.reload();
  }

  // --- the application in force ---------------------------------------------------------------------------

  #sessionsOf(path: string): SessionRegistry {
    const known = this.#sessions.get(path) ?? sessionRegistry();
    this.#sessions.set(path, known);
    return known;
  }

  /** What `#serve` puts into force. */
  async #prepare(config: Config, endpoints: readonly ServedEndpoint[]) {
    const apiApp = await this.#api.prepare(config);
    const mount = (app: FastifyInstance): void => {
      if (apiApp !== undefined) this.#api.mount(app, apiApp);
    };
    const leaving = this.#leaving(endpoints);
    const routes = await makeRoutes(this.#routes, { config, endpoints, leaving, api: { mount } });
    return { ...routes, apiApp };
  }

  #serve(
    { app, upgrade, apiApp }: Routes & { readonly apiApp: FastifyInstance | undefined },
    config: Config,
  ): void {
    const before = [this.#app, this.#apiApp];
    this.#app = app;
    this.#apiApp = apiApp;
    this.#api.serve(apiApp, config);
    this.#front.serve(app, upgrade);
    // What they have begun they end; no socket is theirs.
    for (const old of before)
      old
        ?.close()
        .then(undefined, (error) => this.#log.error({ err: error }, 'an application could not be closed'));
  }

  /** Endpoints whose SockJS sessions over HTTP nobody else would serve. One for each path. */
  #leaving(served: readonly ServedEndpoint[]): readonly ServedEndpoint[] {
    const isServed = (path: string): boolean =>
      served.some(({ config }) => config.path === path && config.sockjs !== false);
    const leaving = new Map<string, ServedEndpoint>();
    const gone = this.hub.serving.filter((endpoint) => !served.some((one) => one.endpoint === endpoint));
    for (const endpoint of gone) {
      const { path, config } = endpoint;
      if (config.sockjs !== false && !isServed(path)) leaving.set(path, { endpoint, config });
    }
    return [...leaving.values()];
  }

  /** Until the last step nothing has changed that anybody could notice, and the last steps can't fail. */
  async #takeOver(next: Config): Promise<void> {
    const { hub, hooks, authenticators } = this.#parts;
    const old = hub.config;
    const enforce = authenticators.prepare(next.authenticators);
    const served = endpointsFor(this.#parts, next);
    const prepared = await this.#prepare(next, served);
    await assignIntegers(hub, next, hub.directoryStore.entries());
    if (this.#draining) throw new GatewayError('shutting_down');
    await reseed(hub, old, next);
    enforce();
    hooks.reconfigure(next);
    const gone = hub.reconfigure(
      next,
      served.map(({ endpoint }) => endpoint),
    );
    for (const one of served) putInForce(this.#parts, one);
    lendIntegers(hub);
    if (old.log.level !== next.log.level) this.#log.level = next.log.level;
    this.#serve(prepared, next);
    for (const { bridge } of gone) bridge?.upstream.exchange?.caller.retire();
    if (gone.length > 0) void this.#dismiss(gone, next);
  }

  /** Their clients are asked to go; then nothing of them is left. */
  async #dismiss(gone: readonly Endpoint[], { drain }: Config): Promise<void> {
    const { hub } = this;
    function* who(): Generator<Connection> {
      for (const { connections } of gone) yield* connections;
    }
    await sendAway(hub, { who, ...drain });
    const paths = gone.map(({ path }) => path);
    await this.#reloader.inTurn(async () => {
      if (this.#draining) return;
      const { config, endpoints } = hub;
      const served = endpoints.map((endpoint) => ({ endpoint, config: endpoint.config }));
      this.#serve(await this.#prepare(config, served), config);
      this.#log.info({ endpoints: paths }, 'the last clients of replaced endpoints have gone');
    });
  }

  // --- the end ----------------------------------------------------------------------------------------------

  /**
   * Ends in good order: nothing new is accepted, what was accepted is acknowledged, every client hears its dialect's
   * goodbye within `window` ms, sockets that do not close in time are ended.
   */
  async close({ window = 0 }: { readonly window?: number } = {}): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    const { hub } = this;
    this.#front.stopWatching();
    const { timeout } = hub.config.drain;
    await sendAway(hub, { who: () => hub.connections, window, timeout });
    await this.#reloader.inTurn(async () => undefined);
    await hub.hooks?.close();
    for (const registry of this.#sessions.values()) abandonSessions(registry);
    await this.#app?.close();
    for (const connection of hub.connections) connection.terminate();
    await this.#front.close();
    await this.#apiApp?.close();
    await this.#api.close();
    this.#parts.authenticators.close();
    for (const { bridge } of hub.serving) bridge?.upstream.exchange?.caller.close();
    hub.stop();
    this.metrics.clear();
  }
}
