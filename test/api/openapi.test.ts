/** The document that describes the API is sound, and is made of the same table as the API itself. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenApiDocument, openApiDocument } from '../../core/server/api/openapi.ts';
import { BASE, routes } from '../../core/server/api/routes.ts';
import { API_SCOPES } from '../../schemas/config/api.ts';
import { type ApiGateway, startApiGateway } from '../support/api.ts';

let gateway: ApiGateway;
let document: OpenApiDocument;
beforeAll(async () => {
  gateway = await startApiGateway();
  const { status, headers, body } = await gateway.api.call('GET', '/api/openapi.json', { key: null });
  expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  document = body as OpenApiDocument;
});
afterAll(() => gateway.stop());

describe('/api/openapi.json', () => {
  it('is valid against the meta-schema of OpenAPI 3.1', async () => {
    const validator = new Validator();
    expect(
      await validator.validate({ ...document, paths: { '/x': { get: { responses: 1 } } } }),
    ).toMatchObject({
      valid: false,
    });
    expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('has schemas that are valid JSON Schemas, and references that lead somewhere', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'document', components: document.components } as object);
    for (const name of Object.keys(document.components.schemas)) {
      expect(() => ajv.compile({ $ref: `document#/components/schemas/${name}` }), name).not.toThrow();
    }
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)].map(([, to = '']) => to);
    expect(references.length).toBeGreaterThan(50);
    for (const reference of references) {
      const found = reference
        .split('/')
        .slice(1)
        .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
      expect(found, reference).toBeDefined();
    }
  });

  it('has exactly the operations of the table, each under an id of its own', () => {
    const told = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, { operationId }]) => `${method.toUpperCase()} ${path} ${operationId}`,
      ),
    );
    const served = routes.map(({ method, path, id }) => `${method} ${BASE}${path} ${id}`);
    expect(told.toSorted()).toEqual(served.toSorted());
    expect(new Set(routes.map(({ id }) => id)).size).toBe(routes.length);
    expect(document).toEqual(JSON.parse(JSON.stringify(openApiDocument(routes))));
  });

  it('has examples that its own schemas take', () => {
    const withBody = routes.filter(({ body }) => body !== undefined);
    expect(withBody.length).toBeGreaterThan(5);
    for (const { id, body, example } of withBody) expect(body?.safeParse(example).success, id).toBe(true);
  });

  it('names a scope for each operation that a key can have', () => {
    for (const { id, scope, alsoScopes = [] } of routes) {
      for (const each of [scope, ...alsoScopes]) expect(API_SCOPES, id).toContain(each);
    }
  });
});
