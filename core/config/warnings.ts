/** What is allowed and still worth a word: said at each start and by `dragoman check`. */
import type { Config, UpstreamConfig } from '../../schemas/config.ts';

const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/;

/** One sentence for each thing, the most dangerous first. */
export function configWarnings(config: Config): readonly string[] {
  const warnings: string[] = [];
  const { host } = config.listen;
  const isLocal = LOOPBACK.test(host);
  for (const [name, authenticator] of Object.entries(config.authenticators)) {
    if (!authenticator.development) continue;
    const paths = config.endpoints
      .filter(({ auth }) => auth !== 'none' && auth.includes(name))
      .map(({ path }) => path);
    const where = paths.length === 0 ? '' : ` (accepted on ${paths.join(', ')})`;
    const exposed = isLocal ? '' : ` AND THE GATEWAY LISTENS ON ${host}`;
    warnings.push(
      `DEVELOPMENT SECRET${exposed}: everybody can make themselves a token for the authenticator "${name}"${where}; never use it in production`,
    );
  }
  for (const [name, authenticator] of Object.entries(config.authenticators)) {
    const url = authenticator.type === 'http' ? authenticator.url : undefined;
    if (url?.startsWith('http:') !== true || LOOPBACK.test(hostOf(url))) continue;
    warnings.push(`the authenticator "${name}" sends credentials to ${hostOf(url)} without TLS (http:)`);
  }
  const { keys, listen: own } = config.api;
  const door = own?.host ?? host;
  if (keys.length > 0 && config.listen.tls === undefined && !LOOPBACK.test(door)) {
    warnings.push(`the API listens on ${door} without TLS: its keys can be read on the way (listen.tls)`);
  }
  for (const [name, { url }] of Object.entries(config.hooks)) {
    if (!url.startsWith('http:') || LOOPBACK.test(hostOf(url))) continue;
    warnings.push(`the hook "${name}" sends messages to ${hostOf(url)} without TLS (http:)`);
  }
  for (const { path, auth, namespace, origins, upstream } of config.endpoints) {
    if (auth === 'none') {
      warnings.push(`${path} asks for no login: anybody may speak as anybody in namespace "${namespace}"`);
    }
    const server = upstream?.url;
    if (server?.startsWith('ws:') === true && !LOOPBACK.test(hostOf(server))) {
      warnings.push(`${path} talks to ${hostOf(server)} without TLS (ws:)`);
    }
    const asked = exchangeOf(upstream);
    if (asked?.startsWith('http:') === true && !LOOPBACK.test(hostOf(asked))) {
      warnings.push(`the exchange of ${path} sends credentials to ${hostOf(asked)} without TLS (http:)`);
    }
    if (origins === '*') warnings.push(`${path} may be used by any web page (origins: "*")`);
  }
  return warnings;
}

const exchangeOf = (upstream: UpstreamConfig | undefined): string | undefined =>
  typeof upstream?.auth === 'object' && 'exchange' in upstream.auth ? upstream.auth.exchange.url : undefined;

/** A host as `LOOPBACK` knows it: IPv6 without brackets. */
const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '');
