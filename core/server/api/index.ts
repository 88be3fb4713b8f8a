/** The business backend's door: an HTTP API beside the endpoints, or on an address of its own. */
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { Config } from '../../../schemas/config.ts';
import type { Hub } from '../../hub.ts';
import { Front } from '../front.ts';
import { makeApiApp } from './app.ts';
import { Idempotency } from './idempotency.ts';
import { ApiMetrics } from './metrics.ts';

export interface ApiParts {
  readonly hub: Hub;
  readonly registry: Registry;
  /** Whether the gateway is stopping: what changes something is refused then. */
  readonly draining: () => boolean;
}

/** The API for as long as the gateway runs. Its application is that of one configuration, and is replaced by a reload. */
export class Api {
  readonly #parts: ApiParts;
  readonly #metrics = new ApiMetrics();
  readonly #idempotency: Idempotency;
  /** Undefined: it is beside the endpoints, or there is none. */
  readonly #front: Front | undefined;
  #isRegistered = false;
  #isOpen = false;

  /** @throws Error if the certificate can't be used */
  constructor(parts: ApiParts) {
    const { hub } = parts;
    const { api, listen, limits } = hub.config;
    this.#parts = parts;
    this.#idempotency = new Idempotency(api.limits.idempotency, () => performance.now());
    if (api.keys.length === 0 || api.listen === undefined) return;
    this.#front = new Front({ tls: listen.tls, admission: limits.admission, log: hub.log });
  }

  /** The application for a configuration, not in force yet; undefined without a key. */
  async prepare(config: Config): Promise<FastifyInstance | undefined> {
    if (config.api.keys.length === 0) return undefined;
    const { hub, draining, registry } = this.#parts;
    const [metrics, idempotency] = [this.#metrics, this.#idempotency];
    if (!this.#isRegistered) metrics.register(registry, idempotency);
    this.#isRegistered = true;
    const app = makeApiApp({ hub, idempotency, metrics, draining, config });
    await app.ready();
    return app;
  }

  /** Makes the API part of what the gateway serves, unless it has a listener of its own. */
  mount(app: FastifyInstance, own: FastifyInstance): void {
    if (this.#front === undefined) mount(app, own);
  }

  /** Puts an application into force. */
  serve(own: FastifyInstance | undefined, config: Config): void {
    this.#isOpen = own !== undefined;
    this.#idempotency.limits = config.api.limits.idempotency;
    if (own !== undefined) this.#front?.serve(own);
  }

  /** Begins to listen, where it does so by itself. */
  async listen({ api }: Config): Promise<void> {
    if (this.#front === undefined || api.listen === undefined) return;
    const { host, port } = api.listen;
    const address = await this.#front.listen(host, port).catch((cause: unknown) => {
      const { message } = cause as Error;
      throw new Error(`the API cannot listen on ${host}:${port} (api.listen): ${message}`, { cause });
    });
    this.#parts.hub.log.info({ address }, 'the API listens');
  }

  /** The base URL where the gateway's own is `beside`; undefined where there is no API. */
  addressBeside(beside: string | undefined): string | undefined {
    if (!this.#isOpen) return undefined;
    return this.#front === undefined ? beside : this.#front.address;
  }

  /** Reads its own listener's certificate again. False if it can't be used and the old one stays. */
  reloadCertificate(): boolean {
    return this.#front?.reloadCertificate() ?? true;
  }

  async close(): Promise<void> {
    await this.#front?.close();
  }
}

/** Requests go over before anything is read of them: the API has limits and words of its own. */
function mount(app: FastifyInstance, own: FastifyInstance): void {
  app.all('/api/*', {
    onRequest: async (request, reply) => {
      reply.hijack();
      own.routing(request.raw, reply.raw);
    },
    handler: async () => undefined,
  });
}
