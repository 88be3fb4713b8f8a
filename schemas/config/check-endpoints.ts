/** Checks of the endpoints among themselves and against the rest: paths, logins, namespaces, groups. */
import { DEFAULT_NAMESPACE } from './directory.ts';
import {
  type CheckContext,
  claim,
  declared,
  field,
  keys,
  list,
  namespaceOf,
  quote,
  text,
  unknownReference,
} from './reading.ts';
import { didYouMean } from './suggest.ts';

/** Paths of the gateway's own HTTP interface. */
const RESERVED_PATHS = ['/healthz', '/readyz', '/metrics', '/api'];

export function checkEndpoints(config: unknown, context: CheckContext): void {
  checkPaths(config, context);
  const endpoints = list(config, 'endpoints');
  for (const [index, endpoint] of endpoints.entries()) {
    const auth = authOf(endpoint);
    if (auth === 'none') checkOpenEndpoint(endpoints, index, context);
    else if (auth === 'upstream') checkUpstreamAuth(endpoints, index, context);
    else checkAuth(config, index, context);
    // The server behind has the groups.
    if (field(endpoint, 'upstream') === undefined) checkNeededGroups(config, index, context);
  }
}

function checkPaths(config: unknown, { report }: CheckContext): void {
  const endpoints = list(config, 'endpoints');
  const seen = new Map<string, number>();
  for (const [index, endpoint] of endpoints.entries()) {
    const path = text(endpoint, 'path');
    if (path === undefined) continue;
    const at = ['endpoints', index, 'path'];
    const first = claim(seen, [path], index);
    if (first !== undefined) {
      report(
        at,
        `the path ${quote(path)} is served by endpoints[${first}] already; each endpoint needs one of its own`,
      );
      continue;
    }
    const reserved = RESERVED_PATHS.find((name) => path === name || path.startsWith(`${name}/`));
    if (reserved !== undefined) {
      report(at, `${quote(reserved)} is the gateway's own; choose another path, such as "/ws${path}"`);
      continue;
    }
    if (speaksSockjs(endpoint) && path === '/') {
      report(at, 'SockJS takes all paths below its own; "/" would take the whole server');
    }
    const above = endpoints.findIndex(
      (other) => speaksSockjs(other) && path.startsWith(`${text(other, 'path') ?? '?'}/`),
    );
    if (above >= 0 && above !== index) {
      report(at, `the path ${quote(path)} lies below the SockJS path of endpoints[${above}]`);
    }
  }
}

const speaksSockjs = (endpoint: unknown): boolean => {
  const sockjs = field(endpoint, 'sockjs');
  return sockjs === true || (typeof sockjs === 'object' && sockjs !== null);
};

/** Names of the authenticators of an endpoint; `none` for no authentication, `upstream` for somebody else's. */
function authOf(endpoint: unknown): readonly string[] | 'none' | 'upstream' | undefined {
  const auth = field(endpoint, 'auth');
  if (auth === 'none' || auth === 'upstream') return auth;
  if (typeof auth === 'string') return [auth];
  return Array.isArray(auth) ? auth.filter((name) => typeof name === 'string') : undefined;
}

function checkAuth(config: unknown, index: number, { report }: CheckContext): void {
  const authenticators = field(config, 'authenticators');
  if (typeof authenticators !== 'object' || authenticators === null) return;
  const names = keys(authenticators);
  const path = ['endpoints', index, 'auth'];
  for (const name of authOf(list(config, 'endpoints')[index]) ?? []) {
    if (name === 'none' || name === 'upstream') {
      report(path, `"${name}" stands alone: an endpoint either asks who somebody is or does not`);
    } else if (!names.includes(name)) {
      const allowed = names.length === 0 ? '"authenticators" is empty' : `allowed: ${names.join(', ')}, none`;
      report(path, `there is no authenticator ${quote(name)}${didYouMean(name, names) || ';'} ${allowed}`);
    }
  }
}

/** Whom another server let in is nobody's user here: such endpoints share no namespace with others. */
function checkUpstreamAuth(endpoints: readonly unknown[], index: number, { report }: CheckContext): void {
  const endpoint = endpoints[index];
  if (field(endpoint, 'upstream') === undefined) {
    report(['endpoints', index, 'auth'], '"upstream" needs the key "upstream": the server that decides');
    return;
  }
  if (!showsCredential(field(endpoint, 'upstream'))) {
    report(
      ['endpoints', index, 'upstream', 'auth'],
      'the server is shown nothing of the client\'s own, so nobody would check who it is; with "auth: upstream" on the endpoint, use "pass", an exchange or a template with {token}',
    );
  }
  const namespace = namespaceOf(endpoint);
  const shared = endpoints.findIndex(
    (other) => namespaceOf(other) === namespace && authOf(other) !== 'upstream',
  );
  if (shared >= 0) {
    report(
      ['endpoints', index, 'namespace'],
      `endpoints[${shared}] finds out itself who its users are in namespace ${quote(namespace)}; with "auth: upstream" an endpoint needs one of its own`,
    );
  }
}

/** Whether the server gets to see what the client showed here. */
function showsCredential(upstream: unknown): boolean {
  const auth = field(upstream, 'auth') ?? 'pass';
  if (auth === 'pass' || field(auth, 'exchange') !== undefined) return true;
  const templates = [auth, field(upstream, 'url'), field(upstream, 'headers')];
  return JSON.stringify(templates).includes('{token}');
}

function checkOpenEndpoint(endpoints: readonly unknown[], index: number, { report }: CheckContext): void {
  const endpoint = endpoints[index];
  const namespace = namespaceOf(endpoint);
  if (namespace === DEFAULT_NAMESPACE) {
    report(
      ['endpoints', index, 'auth'],
      `without authentication an endpoint needs a namespace of its own, not ${quote(DEFAULT_NAMESPACE)}; add "namespace: guests", say`,
    );
  } else {
    const shared = endpoints.findIndex(
      (other) => namespaceOf(other) === namespace && authOf(other) !== 'none',
    );
    if (shared >= 0) {
      report(
        ['endpoints', index, 'namespace'],
        `endpoints[${shared}] authenticates its users in namespace ${quote(namespace)}; without authentication an endpoint needs one of its own`,
      );
    }
  }
  if (field(endpoint, 'anonymous') === true) {
    report(
      ['endpoints', index, 'anonymous'],
      'has no meaning with "auth: none", where anybody may speak; leave one of the two out',
    );
  }
}

/** The groups that an endpoint's dialect attends by itself must exist: a lobby, for example. */
function checkNeededGroups(config: unknown, index: number, { dialects, report, sound }: CheckContext): void {
  const path = ['endpoints', index];
  const endpoint = list(config, 'endpoints')[index];
  const dialect = dialects.get(text(endpoint, 'dialect') ?? '');
  const groups = declared(config, 'groups');
  if (dialect?.policy === undefined || groups === undefined || !sound([...path, 'options'])) return;
  const options = field(endpoint, 'options');
  if (options === undefined) return;
  const policy = dialect.policy(options);
  const needed = new Set([...(policy.attendAtLogin ?? []), ...(policy.groups ?? [])]);
  if (policy.roster !== undefined) needed.add(policy.roster.group);
  const namespace = namespaceOf(endpoint);
  const known = groups.get(namespace) ?? new Set<string>();
  for (const group of needed) {
    if (known.has(group)) continue;
    const key = keys(options).find((name) => text(options, name) === group);
    report(
      [...path, 'options', ...(key === undefined ? [] : [key])],
      unknownReference('group', group, namespace, known),
    );
  }
}
