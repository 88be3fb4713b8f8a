/** Where nothing is served, the answer is plain text, whatever is asked for. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

it.each([
  ['GET', '/'],
  ['GET', '/favicon.ico'],
  ['GET', '/healthz/more'],
  ['GET', '/ws'],
  ['GET', '/ws/json/more'],
  ['POST', '/ws/json'],
  ['DELETE', '/metrics'],
  // There is no API without a key.
  ['GET', '/api/v1/namespaces/main/users'],
  ['GET', '/api/docs'],
])('%s %s is answered with 404 and text', async (method, path) => {
  const response = await fetch(gateway.http + path, { method });
  expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
    404,
    'text/plain',
    'not found\n',
  ]);
});
