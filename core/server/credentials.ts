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
const NO_TOKENS: readonly string[] = Object.freeze([]);
const NOTHING: Carried = Object.freeze({ credentials: Object.freeze([]), cookies: NO_COOKIES });

export function credentialsOf(
  request: IncomingMessage,
  sources: { readonly query: readonly string[]; readonly cookie: readonly string[] },
): Carried {
  const asked = inQuery(request.url ?? '', sources.query);
  const cookies = sources.cookie.length === 0 ? NO_COOKIES : inCookies(request, sources.cookie);
  const tokens = cookies === NO_COOKIES ? asked : [...asked, ...Object.values(cookies)];
  if (tokens.length === 0) return NOTHING;
  const different = tokens.length === 1 ? tokens : [...new Set(tokens)];
  return { credentials: different.map((token) => ({ kind: 'token', token })), cookies };
}

const isSensible = (token: string): boolean => token !== '' && token.length <= MAX_TOKEN_LENGTH;

function inQuery(url: string, names: readonly string[]): readonly string[] {
  const start = url.indexOf('?');
  if (start < 0 || names.length === 0) return NO_TOKENS;
  const query = new URLSearchParams(url.slice(start + 1));
  return names.map((name) => query.get(name) ?? '').filter(isSensible);
}

function inCookies(request: IncomingMessage, names: readonly string[]): Readonly<Record<string, string>> {
  const sent = cookiesOf(request.headers.cookie ?? '');
  const named = names.flatMap((name) => {
    const value = sent.get(name);
    return value === undefined || !isSensible(value) ? [] : [[name, value] as const];
  });
  return named.length === 0 ? NO_COOKIES : Object.fromEntries(named);
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
