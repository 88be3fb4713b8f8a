/** Keys of the API: whose a request is, what it may do, and how often. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiKeyConfig, ApiLimits, ApiScope } from '../../../schemas/config/api.ts';
import { TokenBucket } from '../../rate-limit.ts';
import { RequestRefused } from './problem.ts';

const SCHEME = /^Bearer +([\x21-\x7e]+) *$/i;
const digest = (secret: string): Buffer => createHash('sha256').update(secret).digest();

export interface ApiKey {
  readonly name: string;
  readonly scopes: ReadonlySet<ApiScope>;
  readonly namespaces: '*' | ReadonlySet<string>;
  readonly bucket: TokenBucket;
}

export class KeyRing {
  readonly #keys: readonly { readonly digest: Buffer; readonly key: ApiKey }[];

  /** `now` is monotonic ms. */
  constructor(keys: readonly ApiKeyConfig[], limits: ApiLimits, now: number) {
    this.#keys = keys.map(({ name, secret, scopes, namespaces }) => ({
      digest: digest(secret),
      key: {
        name,
        scopes: new Set(scopes),
        namespaces: namespaces === '*' ? '*' : new Set(namespaces),
        bucket: new TokenBucket(limits.rate, now),
      },
    }));
  }

  /**
   * Whose key the header `Authorization` carries. Compares digests, all of them each time: how long it takes
   * says nothing about how much of a key was right.
   *
   * @throws RequestRefused key_missing, key_unknown
   */
  find(authorization: string | undefined): ApiKey {
    const headers = { 'www-authenticate': 'Bearer realm="dragoman"' };
    const secret = SCHEME.exec(authorization ?? '')?.[1];
    if (secret === undefined)
      throw new RequestRefused('key_missing', 'send `Authorization: Bearer <key>`', { headers });
    const shown = digest(secret);
    let found: ApiKey | undefined;
    for (const { digest: known, key } of this.#keys) {
      if (timingSafeEqual(known, shown)) found = key;
    }
    if (found === undefined) {
      throw new RequestRefused('key_unknown', 'use one of the keys under `api.keys` of the configuration', {
        headers,
      });
    }
    return found;
  }
}

/** @throws RequestRefused scope_missing */
export function requireScope({ name, scopes }: ApiKey, scope: ApiScope): void {
  if (scopes.has(scope)) return;
  throw new RequestRefused(
    'scope_missing',
    `the key ${JSON.stringify(name)} lacks the scope ${JSON.stringify(scope)}; add it to the key, or use another one`,
  );
}

export const isForNamespace = ({ namespaces }: ApiKey, namespace: string): boolean =>
  namespaces === '*' || namespaces.has(namespace);

/** @throws RequestRefused namespace_closed */
export function requireNamespace(key: ApiKey, namespace: string): void {
  if (isForNamespace(key, namespace)) return;
  const { name } = key;
  throw new RequestRefused(
    'namespace_closed',
    `the key ${JSON.stringify(name)} is not for this namespace; add the namespace to the key, or use another one`,
  );
}
