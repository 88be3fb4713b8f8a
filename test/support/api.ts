/** A gateway with the HTTP API, and a client of it that holds every answer against the OpenAPI document. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { openApiDocument } from '../../core/server/api/openapi.ts';
import { routes } from '../../core/server/api/routes.ts';
import { API_SCOPES } from '../../schemas/config/api.ts';
import { DEFAULT_YAML, startGateway, type TestGateway, type TestGatewayOptions } from './gateway.ts';

export const API_SECRET = 'a-key-for-tests-that-is-long-enough';

/** The whole of `api:`; `keys` by default one that may do everything in the namespace `main`. */
export const apiYaml = (more = ''): string => `
api:
  keys:
    - { name: backend, secret: ${API_SECRET}, scopes: [${API_SCOPES.join(', ')}] }
${more}`;

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; undefined where the answer is empty. */
  readonly body: unknown;
  /** As it came. */
  readonly text: string;
}

export interface ApiRequest {
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Secret of the key; null: none. */
  readonly key?: string | null;
}

const document = openApiDocument(routes);
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema({ $id: 'openapi', components: document.components } as object);
const validators = new Map<string, ValidateFunction>();
const validatorOf = (pointer: string): ValidateFunction => {
  const known = validators.get(pointer) ?? ajv.compile({ $ref: `openapi#${pointer}` });
  validators.set(pointer, known);
  return known;
};

const templates = Object.keys(document.paths).map((template) => ({
  template,
  pattern: new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}));

/** Every answer has a status that the document knows for the operation, and a body as the document says. */
export function expectDocumented(method: string, path: string, { status, headers, body }: ApiAnswer): void {
  const pathname = path.split('?', 1)[0] ?? '';
  const template = templates.find(({ pattern }) => pattern.test(pathname))?.template;
  const operation = template === undefined ? undefined : document.paths[template]?.[method.toLowerCase()];
  const type = headers.get('content-type') ?? '';
  if (status >= 400) {
    expect(type).toBe('application/problem+json');
    const isProblem = validatorOf('/components/schemas/Problem');
    expect(isProblem(body), JSON.stringify(isProblem.errors)).toBe(true);
    expect((body as { status: number }).status).toBe(status);
    if (operation !== undefined) expect(Object.keys(operation.responses)).toContain(String(status));
    return;
  }
  const response = operation?.responses[String(status)] as
    | { readonly content?: Record<string, { readonly schema: { readonly $ref: string } }> }
    | undefined;
  expect(response, `${method} ${path} ${status}`).toBeDefined();
  const schema = response?.content?.['application/json']?.schema;
  if (schema === undefined) {
    expect(body).toBeUndefined();
    return;
  }
  expect(type).toBe('application/json; charset=utf-8');
  const validate = validatorOf(schema.$ref.slice(1));
  expect(validate(body), JSON.stringify(validate.errors)).toBe(true);
}

export class ApiClient {
  readonly base: string;

  constructor(base: string) {
    this.base = base;
  }

  async call(method: string, path: string, request: ApiRequest = {}): Promise<ApiAnswer> {
    const { body, raw, key = API_SECRET } = request;
    const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(this.base + path, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(content === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
      ...(content === undefined ? {} : { body: content }),
    });
    const text = await response.text();
    const answer: ApiAnswer = {
      status: response.status,
      headers: response.headers,
      text,
      body: text === '' ? undefined : JSON.parse(text),
    };
    if (path.startsWith('/api/v1')) expectDocumented(method, path, answer);
    return answer;
  }

  /** In the namespace `main`; fails unless it succeeds. */
  async main(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.call(method, `/api/v1/namespaces/main${path}`, { body });
    expect(answer.status, answer.text).toBeLessThan(300);
    return answer.body;
  }

  publish(event: object): Promise<unknown> {
    return this.main('POST', '/events', event);
  }
}

export interface ApiGateway extends TestGateway {
  readonly api: ApiClient;
}

export async function startApiGateway({
  api = apiYaml(),
  ...options
}: TestGatewayOptions & { readonly api?: string } = {}): Promise<ApiGateway> {
  const { edit = (yaml: string) => yaml, yaml = DEFAULT_YAML } = options;
  const gateway = await startGateway({ ...options, yaml, edit: (text) => edit(text) + api });
  const address = gateway.gateway.apiAddress;
  if (address === undefined) throw new Error('there is no API');
  return { ...gateway, api: new ApiClient(address) };
}

export interface Page {
  readonly items: readonly { readonly id: string }[];
  readonly next?: string;
}

/** Every item of a list, read in pages of this size. */
export async function everyPage(
  gateway: ApiGateway,
  path: string,
  limit: number,
): Promise<readonly string[]> {
  const ids: string[] = [];
  let after = '';
  for (;;) {
    const { items, next } = (await gateway.api.main('GET', `${path}?limit=${limit}${after}`)) as Page;
    expect(items.length).toBeLessThanOrEqual(limit);
    ids.push(...items.map((item) => (typeof item === 'string' ? item : item.id)));
    if (next === undefined) return ids;
    after = `&after=${encodeURIComponent(next)}`;
  }
}
