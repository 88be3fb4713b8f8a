/** The tokens that a connection may carry before its first frame: in its URL's query, or in a cookie. */
import type { IncomingMessage } from 'node:http';
import type { Credential } from '../../schemas/command.ts';

/** Longest token read from a URL or a cookie, in characters. */
const MAX_TOKEN_LENGTH = 8192;

export function credentialsOf(
  request: IncomingMessage,
  sources: { readonly query: readonly string[]; readonly cookie: readonly string[] },
): readonly Credential[] {
  const tokens = new Set<string>();
  const url = request.url ?? '';
  const start = url.indexOf('?');
  if (start >= 0) {
    const query = new URLSearchParams(url.slice(start + 1));
    for (const name of sources.query) tokens.add(query.get(name) ?? '');
  }
  if (sources.cookie.length > 0) {
    const cookies = cookiesOf(request.headers.cookie ?? '');
    for (const name of sources.cookie) tokens.add(cookies.get(name) ?? '');
  }
  tokens.delete('');
  return [...tokens]
    .filter((token) => token.length <= MAX_TOKEN_LENGTH)
    .map((token) => ({ kind: 'token', token }) as const);
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
