/** Checks of the authenticators: whose tokens they list, and whether each has the one key that it needs. */
import {
  type CheckContext,
  declared,
  field,
  keys,
  list,
  namespaceOf,
  type Path,
  quote,
  text,
} from './reading.ts';
import { didYouMean } from './suggest.ts';

export function checkAuthenticators(config: unknown, context: CheckContext): void {
  const authenticators = field(config, 'authenticators');
  for (const name of keys(authenticators)) {
    const path = ['authenticators', name];
    const authenticator = field(authenticators, name);
    if (name === 'none') {
      context.report(path, 'the name "none" is taken: it stands for no authentication at all');
    }
    checkTokens(config, authenticator, path, context);
    if (field(authenticator, 'type') === 'jwt') checkKey(authenticator, path, context);
  }
}

function checkTokens(config: unknown, authenticator: unknown, path: Path, { report }: CheckContext): void {
  const users = declared(config, 'users');
  if (users === undefined) return;
  const known = new Set([...users.values()].flatMap((ids) => [...ids]));
  const tokens = field(authenticator, 'tokens');
  for (const token of keys(tokens)) {
    const user = text(tokens, token);
    if (user === undefined || known.has(user)) continue;
    report([...path, 'tokens', token], `there is no user ${quote(user)}${didYouMean(user, known)}`);
  }
}

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
const PUBLIC_KEYS = ['publicKey', 'jwksFile', 'jwksUrl'] as const;

/** A shared secret never beside a public key: who knows the public key could sign with it. */
function checkKey(authenticator: unknown, path: Path, { report }: CheckContext): void {
  const algorithm = text(authenticator, 'algorithm');
  const given = PUBLIC_KEYS.filter((key) => field(authenticator, key) !== undefined);
  const hasSecret = field(authenticator, 'secret') !== undefined;
  if (algorithm === 'HS256') {
    if (!hasSecret) report([...path, 'secret'], 'expected text');
    for (const key of given) {
      report([...path, key], 'HS256 has no public key; choose "algorithm: RS256", ES256 or EdDSA');
    }
    return;
  }
  if (!ALGORITHMS.includes(algorithm ?? '')) return;
  if (hasSecret) report([...path, 'secret'], `${algorithm} has no secret; leave it out`);
  if (given.length === 0) {
    report([...path, 'publicKey'], `expected a key: ${algorithm} needs publicKey, jwksFile or jwksUrl`);
  }
  for (const key of given.slice(1)) {
    report([...path, key], `the key is given by ${given[0]} already; leave one of the two out`);
  }
}

/** A cookie is sent by the browser whatever page asks: only narrow origins keep other pages out. */
export function checkCookies(config: unknown, { report }: CheckContext): void {
  for (const [index, endpoint] of list(config, 'endpoints').entries()) {
    const cookies = list(field(endpoint, 'credentials'), 'cookie');
    if (cookies.length === 0 || field(endpoint, 'origins') !== '*') continue;
    report(
      ['endpoints', index, 'origins'],
      `"*" lets every page of the web use the cookie ${quote(String(cookies[0]))} of its visitors in namespace ${quote(namespaceOf(endpoint))}; list the pages`,
    );
  }
}
