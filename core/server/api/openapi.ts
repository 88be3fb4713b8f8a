/** The OpenAPI 3.1 document, made from the table of routes and the schemas that check the requests. */
import { z } from 'zod';
import { apiSchemas, PATH_PARAMETERS } from '../../../schemas/api/common.ts';
import { RelayBytes } from '../../../schemas/model.ts';
import type { ErrorCode } from '../../errors.ts';
import { PROBLEM_KINDS, PROBLEM_TYPE, type RequestProblem, statusOf, statusOfRequest } from './problem.ts';
import { isMutating, paramsOf, type Route } from './route.ts';
import { BASE } from './routes.ts';

/** Plain data, as `JSON.stringify` takes it. */
export type OpenApiObject = { readonly [key: string]: unknown };

export interface OpenApiDocument extends OpenApiObject {
  readonly paths: { readonly [path: string]: { readonly [method: string]: OpenApiOperation } };
  readonly components: { readonly schemas: { readonly [name: string]: OpenApiObject } } & OpenApiObject;
}

export interface OpenApiOperation extends OpenApiObject {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly parameters: readonly OpenApiParameter[];
  readonly requestBody?: OpenApiObject;
  readonly responses: { readonly [status: string]: OpenApiObject };
}

export interface OpenApiParameter extends OpenApiObject {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly description: string;
  readonly schema: OpenApiObject;
}

const REFERENCE = '#/components/schemas/';

type Override = NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>['override']>;
const override: Override = ({ zodSchema, jsonSchema }) => {
  delete jsonSchema.readOnly;
  if ((zodSchema as unknown) === RelayBytes)
    Object.assign(jsonSchema, { type: 'string', contentEncoding: 'base64' });
};

const options = { io: 'input', unrepresentable: 'any', override } as const;

function schemas(): OpenApiDocument['components']['schemas'] {
  const { schemas: made } = z.toJSONSchema(apiSchemas, { ...options, uri: (id) => REFERENCE + id });
  return Object.fromEntries(
    Object.entries(made).map(([name, { $schema: _dialect, $id: _id, ...schema }]) => [name, schema]),
  );
}

/** A reference to a schema that has a name, or the schema itself. */
function schemaOf(schema: z.ZodType): OpenApiObject {
  const name = apiSchemas.get(schema)?.id;
  if (name !== undefined) return { $ref: REFERENCE + name };
  const { $schema: _dialect, ...inline } = z.toJSONSchema(schema, options);
  return inline;
}

function parametersOf(route: Route): readonly OpenApiParameter[] {
  const inPath = paramsOf(route.path).map((name) => ({
    name,
    in: 'path',
    required: true,
    description: PATH_PARAMETERS[name],
    schema: { type: 'string', minLength: 1, maxLength: 256 },
  }));
  const query = route.query === undefined ? {} : schemaOf(route.query);
  const properties = (query.properties ?? {}) as Readonly<Record<string, OpenApiObject>>;
  const inQuery = Object.entries(properties).map(([name, { description = '', ...schema }]) => ({
    name,
    in: 'query',
    required: false,
    description: String(description),
    schema,
  }));
  const idempotency = {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'The same request under the same key is carried out once and answered alike, with `Idempotency-Replayed: true`. Remembered in memory, for `api.limits.idempotency.window`.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  };
  return [...inPath, ...inQuery, ...(isMutating(route) ? [idempotency] : [])];
}

const EVERY_REQUEST: readonly RequestProblem[] = [
  'invalid_request',
  'key_missing',
  'key_unknown',
  'scope_missing',
  'namespace_closed',
  'too_many_requests',
];
const WITH_BODY: readonly RequestProblem[] = ['body_too_large', 'unsupported_media_type'];
const MUTATING: readonly RequestProblem[] = ['idempotency_conflict', 'idempotency_full'];

/** Kinds of problems by status. */
function problemsOf(route: Route): ReadonlyMap<number, readonly string[]> {
  const requests = [
    ...EVERY_REQUEST,
    ...(route.body === undefined ? [] : WITH_BODY),
    ...(isMutating(route) ? MUTATING : []),
    ...(route.refusals ?? []),
  ];
  const codes: readonly ErrorCode[] = [
    ...route.problems,
    ...(isMutating(route) ? (['shutting_down'] as const) : []),
    'internal',
  ];
  const all = [
    ...requests.map((kind) => [statusOfRequest(kind), kind] as const),
    ...codes.map((code) => [statusOf(code), code] as const),
  ];
  const byStatus = new Map<number, string[]>();
  for (const [status, kind] of all) byStatus.set(status, [...(byStatus.get(status) ?? []), kind]);
  return byStatus;
}

function responsesOf(route: Route): OpenApiOperation['responses'] {
  const success =
    route.result === undefined
      ? { 204: { description: 'Done.' } }
      : {
          200: {
            description: 'Done.',
            content: { 'application/json': { schema: schemaOf(route.result) } },
          },
        };
  const problems = [...problemsOf(route)].map(([status, kinds]) => [
    String(status),
    {
      description: `Refused: ${kinds.map((kind) => `\`${kind}\``).join(', ')}.`,
      content: { [PROBLEM_TYPE]: { schema: { $ref: `${REFERENCE}Problem` } } },
    },
  ]);
  return { ...success, ...Object.fromEntries(problems) };
}

function operationOf(route: Route): OpenApiOperation {
  const scopes = [
    `\`${route.scope}\``,
    ...(route.alsoScopes ?? []).map((scope) => `on occasion \`${scope}\``),
  ];
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    description: [route.description, `Scope: ${scopes.join(', ')}.`].filter(Boolean).join('\n\n'),
    parameters: parametersOf(route),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: route.bodyOptional !== true,
            content: {
              'application/json': {
                schema: schemaOf(route.body),
                ...(route.example === undefined ? {} : { example: route.example }),
              },
            },
          },
        }),
    responses: responsesOf(route),
  };
}

/** The document that describes these routes. */
export function openApiDocument(routes: readonly Route[]): OpenApiDocument {
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const route of routes) {
    const path = BASE + route.path;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Dragoman',
      version: 'v1',
      description:
        'What a business backend tells the gateway. Ids in paths are percent-encoded. Every list is read page by page. What is refused is told as RFC 9457 says.',
    },
    servers: [{ url: '/', description: 'This gateway.' }],
    security: [{ key: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'A key of `api.keys` in the configuration.' },
      },
      schemas: schemas(),
    },
    'x-problems': PROBLEM_KINDS,
  };
}
