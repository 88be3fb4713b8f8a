/** The application of the API: one of its own, so that its limits and its words are nobody else's. */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Config } from '../../../schemas/config.ts';
import type { Hub } from '../../hub.ts';
import { textOf } from './body.ts';
import { docsPage } from './docs-page.ts';
import type { Idempotency } from './idempotency.ts';
import { type ApiKey, KeyRing } from './keys.ts';
import type { ApiMetrics } from './metrics.ts';
import { openApiDocument } from './openapi.ts';
import { failureOf, operate, send } from './operation.ts';
import { RequestRefused } from './problem.ts';
import { isMutating, type Route } from './route.ts';
import { BASE, routes } from './routes.ts';

/** Longest id in a path: 256 UTF-16 units, each up to three bytes, each byte three characters. */
const MAX_PARAM_LENGTH = 256 * 9;
const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'] as const;

export interface ApiAppParts {
  readonly hub: Hub;
  readonly idempotency: Idempotency;
  readonly metrics: ApiMetrics;
  readonly draining: () => boolean;
  /** Whose keys open it, and what bounds it: in force once the application is. */
  readonly config: Config;
}

interface RouteConfig {
  /** As the document writes it. */
  readonly template?: string;
  /** Needs no key. */
  readonly open?: boolean;
}

const configOf = (request: FastifyRequest): RouteConfig =>
  (request.routeOptions.config ?? {}) as unknown as RouteConfig;
const fastifyPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

export function makeApiApp(parts: ApiAppParts): FastifyInstance {
  const { hub } = parts;
  const { api } = parts.config;
  const app = makeServer(parts);
  const keys = new KeyRing(api.keys, api.limits, performance.now());
  const callers = new WeakMap<FastifyRequest, ApiKey>();
  readJsonOnly(app);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    if (configOf(request).open === true) return;
    const key = keys.find(request.headers.authorization);
    callers.set(request, key);
    if (key.bucket.take(performance.now())) return;
    parts.metrics.rateRefusal(key.name);
    throw new RequestRefused('too_many_requests', 'slow down; the limit is `api.limits.rate`', {
      headers: { 'retry-after': '1' },
    });
  });
  app.addHook('onResponse', async (request, reply) => {
    const { template = 'unknown' } = configOf(request);
    const method = (METHODS as readonly string[]).includes(request.method) ? request.method : 'OTHER';
    const { statusCode: status } = reply;
    parts.metrics.request({ route: template, method, status });
    const line = { key: callers.get(request)?.name, method, route: template, status };
    if (method === 'GET') hub.log.debug(line, 'API request');
    else hub.log.info(line, 'API request');
  });
  app.setErrorHandler((error, _request, reply) => send(reply, failureOf(hub, error), parts.metrics));
  app.setNotFoundHandler((_request, reply) =>
    send(
      reply,
      failureOf(hub, new RequestRefused('not_found', 'see /api/docs for the paths that there are')),
      parts.metrics,
    ),
  );
  addRoutes(app, parts, callers);
  addDocuments(app);
  return app;
}

function makeServer({ hub, config, metrics }: ApiAppParts): FastifyInstance {
  return Fastify({
    logger: false,
    bodyLimit: config.api.limits.body,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    frameworkErrors: (error: Error, _request: FastifyRequest, reply: FastifyReply): void => {
      send(reply, failureOf(hub, error), metrics);
    },
  });
}

function readJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    try {
      parse(request, textOf(body), done);
    } catch (error) {
      done(error as Error, undefined);
    }
  });
}

function addRoutes(app: FastifyInstance, parts: ApiAppParts, callers: WeakMap<FastifyRequest, ApiKey>): void {
  const byPath = Map.groupBy(routes, ({ path }) => path);
  for (const [path, there] of byPath) {
    const template = BASE + path;
    for (const route of there) addRoute(app, route, { parts, callers });
    const known: readonly string[] = there.map(({ method }) => method);
    const allow = [...known, ...(known.includes('GET') ? ['HEAD'] : [])].join(', ');
    app.route({
      method: METHODS.filter((method) => !known.includes(method)),
      url: fastifyPath(template),
      config: { template } as object,
      // Before the body: whatever it is, nothing is done with it.
      preParsing: async () => {
        throw new RequestRefused('method_not_allowed', `use ${allow}`, { headers: { allow } });
      },
      handler: async () => undefined,
    });
  }
}

function addRoute(
  app: FastifyInstance,
  route: Route,
  { parts, callers }: { readonly parts: ApiAppParts; readonly callers: WeakMap<FastifyRequest, ApiKey> },
): void {
  const template = BASE + route.path;
  app.route({
    method: route.method,
    url: fastifyPath(template),
    config: { template } as object,
    handler: async (request, reply) => {
      const key = callers.get(request) as ApiKey;
      const { answer, replayed } = await operate(route, parts, { key, request });
      if (isMutating(route) && replayed) reply.header('idempotency-replayed', 'true');
      return send(reply, answer, parts.metrics);
    },
  });
}

function addDocuments(app: FastifyInstance): void {
  const document = openApiDocument(routes);
  const json = JSON.stringify(document);
  const page = docsPage(document);
  app.get('/api/openapi.json', { config: openRoute('/api/openapi.json') }, (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(json),
  );
  app.get('/api/docs', { config: openRoute('/api/docs') }, (_request, reply) =>
    reply
      .headers({
        'content-security-policy': page.policy,
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'DENY',
      })
      .type('text/html; charset=utf-8')
      .send(page.html),
  );
}

const openRoute = (template: string): object => ({ template, open: true });
