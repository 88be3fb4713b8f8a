/** For the tests of this folder: issuers with keys of every kind, and a backend that answers as it is told. */
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { type AuthenticatorConfig, configSchema, type JwtAuthenticatorConfig } from '../../schemas/config.ts';
import { dialects } from '../config/fixture.ts';
import type { LoginContext } from './port.ts';

export type Algorithm = JwtAuthenticatorConfig['algorithm'];
export type PublicKeyAlgorithm = Exclude<Algorithm, 'HS256'>;

export const CONTEXT: LoginContext = { endpoint: '/ws', address: '192.0.2.1', cookies: {} };
export const NO_LOG = { warn: () => {}, info: () => {} };

/** An authenticator's configuration with its defaults. */
export function authenticatorConfig<Type extends AuthenticatorConfig['type']>(
  value: { readonly type: Type } & Readonly<Record<string, unknown>>,
): Extract<AuthenticatorConfig, { readonly type: Type }> {
  const config = configSchema(dialects).parse({
    authenticators: { it: value },
    endpoints: [{ path: '/ws', dialect: 'plain', auth: 'it' }],
  });
  return config.authenticators.it as Extract<AuthenticatorConfig, { readonly type: Type }>;
}

export interface Issuer {
  readonly id: string;
  readonly pem: string;
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly privateKey: KeyObject;
  sign(
    claims: Readonly<Record<string, unknown>>,
    header?: Readonly<Record<string, unknown>>,
  ): Promise<string>;
}

const pairOf = (algorithm: PublicKeyAlgorithm) => {
  if (algorithm === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return generateKeyPairSync('ed25519');
};

export function issuerOf(algorithm: PublicKeyAlgorithm): Issuer {
  const { publicKey, privateKey } = pairOf(algorithm);
  const id = randomUUID();
  return {
    id,
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    jwk: { ...publicKey.export({ format: 'jwk' }), kid: id, use: 'sig', alg: algorithm },
    privateKey,
    sign: (claims, header = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg: algorithm, kid: id, ...header }).sign(privateKey),
  };
}

export interface Asked {
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
export interface Told {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
}

export interface Backend extends AsyncDisposable {
  readonly url: string;
  readonly asked: readonly Asked[];
}

/** A backend on a free port; `answer` may wait as long as it likes. */
export async function backendThat(answer: (asked: Asked) => Told | Promise<Told>): Promise<Backend> {
  const asked: Asked[] = [];
  const server: Server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const question = { method: request.method, headers: request.headers, body };
    asked.push(question);
    const { status = 200, headers = {}, body: told = '' } = await answer(question);
    response.writeHead(status, headers).end(typeof told === 'string' ? told : JSON.stringify(told));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
