/** The tokens that a connection may carry before its first frame: in its URL's query, or in a cookie. */
import type { IncomingMessage } from 'node:http';
import type { Credential } from '../../schemas/command.ts';
import { MAX_TOKEN_LENGTH } from '../auth/port.ts';

/** What a request carries, by the names that an endpoint's configuration gives. */
export interface Carried {
  readonly credentials: readonly Credential[];
  /** Those of the named cookies that are there. */
  readonly cookies: Readonly<Record<string, string>>;
}

const NO_COOKIES: Readonly<Record<string, string>> = Object.freeze({});

export function credentialsOf(
  request: IncomingMessage,
  sources: { readonly query: readonly string[]; readonly cookie: readonly string[] },
): Carried {
  const tokens = new Set<string>();
  const url = request.url ?? '';
  const start = url.indexOf('?');
  if (start >= 0) {
    const query = new URLSearchParams(url.slice(start + 1));
    for (const name of sources.query) tokens.add(query.get(name) ?? '');
  }
  const sent =
    sources.cookie.length === 0 ? new Map<string, string>() : cookiesOf(request.headers.cookie ?? '');
  const named = sources.cookie.flatMap((name) => {
    const value = sent.get(name);
    return value === undefined || value === '' || value.length > MAX_TOKEN_LENGTH
      ? []
      : [[name, value] as const];
  });
  for (const [, value] of named) tokens.add(value);
  tokens.delete('');
  return {
    credentials: [...tokens]
      .filter((token) => token.length <= MAX_TOKEN_LENGTH)
      .map((token) => ({ kind: 'token', token }) as const),
    cookies: named.length === 0 ? NO_COOKIES : Object.fromEntries(named),
  };
}

/** The first of repeated cookies wins (RFC 6265, section 4.2.2 leaves it open). */
function cookiesOf(header: string): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals < 0) continue;
    const name = pair.slice(0, equals).trim();
    if (!cookies.has(name)) cookies.set(name, pair.slice(equals + 1).trim());
  }
  return cookies;
}
