/**
 * What a reload from one configuration to another would do, as a list of steps. Pure: `dragoman plan` prints the
 * list, and a reload carries it out.
 */
import type { Config, EndpointConfig } from '../../schemas/config.ts';
import type { PlanStep } from '../../schemas/plan.ts';
import { differences, isSame } from './difference.ts';

/** Paths of settings that are bound to the process; without a path below, all of the section. */
const NEEDS_RESTART: readonly string[] = [
  'api.listen',
  'bridgeGroups',
  'data',
  'limits.admission.handshake',
  'limits.admission.keepAlive',
  'limits.admission.request',
  'limits.backlog',
  'limits.deduplication',
  'limits.memory',
  'limits.queue.entries',
  'limits.queue.names',
  'listen.host',
  'listen.port',
  'listen.tls',
  'log.pretty',
  'store',
];
/** What changes for the connections that are there, or for those that come: no socket is touched. */
const IN_PLACE: readonly string[] = [
  'auth',
  'closeCodes',
  'credentials',
  'encryption',
  'flushInterval',
  'heartbeat',
  'limits',
  'origins',
  'presenceInterval',
  'singleSession',
  'sockjs',
];

/** The steps in the order of the file; of what is unchanged only the endpoints are named. */
export function planOf(old: Config, next: Config): readonly PlanStep[] {
  return [
    ...settings(old, next),
    ...named('authenticator', Object.entries(old.authenticators), Object.entries(next.authenticators)),
    ...named('hook', Object.entries(old.hooks), Object.entries(next.hooks)),
    ...named('user', byId(old.users), byId(next.users)),
    ...groups(old, next),
    ...named('block', blocks(old), blocks(next)),
    ...named('key', keys(old), keys(next)),
    ...endpoints(old, next),
  ];
}

export const needsRestart = (steps: readonly PlanStep[]): boolean =>
  steps.some(({ action }) => action === 'restart');

/** Whether anything at all would be done. */
export const changesAnything = (steps: readonly PlanStep[]): boolean =>
  steps.some(({ action }) => action !== 'unchanged');

// --- settings ---------------------------------------------------------------------------------------------

function settings(old: Config, next: Config): readonly PlanStep[] {
  const bound = NEEDS_RESTART.filter((path) => !isSame(at(old, path), at(next, path)));
  const opensOrCloses = (old.api.keys.length === 0) !== (next.api.keys.length === 0);
  if (opensOrCloses && next.api.listen !== undefined && !bound.includes('api.listen'))
    bound.push('api.listen');
  const { keys: _old, ...oldApi } = old.api;
  const { keys: _next, ...nextApi } = next.api;
  const section = (name: string, before: object, after: object): readonly string[] =>
    differences(before, after).map((path) => `${name}.${path}`);
  const taken = [
    ...section('listen', old.listen, next.listen),
    ...section('log', old.log, next.log),
    ...section('limits', old.limits, next.limits),
    ...section('drain', old.drain, next.drain),
    ...section('api', oldApi, nextApi),
  ].filter((path) => !bound.some((other) => other === path || isBelow(path, other)));
  return [
    ...bound.map((name): PlanStep => ({ subject: 'setting', name, action: 'restart' })),
    ...taken.map((name): PlanStep => ({ subject: 'setting', name, action: 'changed' })),
  ];
}

const isBelow = (path: string, other: string): boolean => path.startsWith(`${other}.`);

function at(value: unknown, path: string): unknown {
  let inner = value;
  for (const key of path.split('.')) inner = (inner as Record<string, unknown> | undefined)?.[key];
  return inner;
}

// --- lists ------------------------------------------------------------------------------------------------

type Entry = readonly [name: string, value: object];

/** Ids of another namespace than the default are told with it. */
const byId = (items: readonly { readonly namespace: string; readonly id: string }[]): readonly Entry[] =>
  items.map((item) => [scoped(item.namespace, item.id), item]);

export const scoped = (namespace: string, id: string): string =>
  namespace === 'main' ? id : `${namespace}/${id}`;

const blocks = ({ blocks: list }: Config): readonly Entry[] =>
  list.map((block) => [`${scoped(block.namespace, block.user)} > ${block.blocked}`, block]);

const keys = ({ api }: Config): readonly Entry[] => api.keys.map((key) => [key.name, key]);

function named(
  subject: PlanStep['subject'],
  old: readonly Entry[],
  next: readonly Entry[],
): readonly PlanStep[] {
  const before = new Map(old);
  const after = new Map(next);
  const steps: PlanStep[] = [];
  for (const [name, value] of after) {
    const earlier = before.get(name);
    if (earlier === undefined) steps.push({ subject, name, action: 'added' });
    else if (!isSame(earlier, value)) {
      steps.push({ subject, name, action: 'changed', fields: topLevel(earlier, value) });
    }
  }
  for (const name of before.keys()) if (!after.has(name)) steps.push({ subject, name, action: 'removed' });
  return steps;
}

/** Keys only: below them there may be tokens. */
const topLevel = (old: object, next: object): readonly string[] =>
  [...new Set([...Object.keys(old), ...Object.keys(next)])]
    .filter((key) => !isSame(at(old, key), at(next, key)))
    .toSorted();

/** A group that is joined with one of another namespace is two groups in one: only a restart takes it apart. */
function groups(old: Config, next: Config): readonly PlanStep[] {
  const joined = new Set(
    [...old.bridgeGroups, ...next.bridgeGroups].flatMap(({ from, to }) => [
      scoped(from.namespace, from.group),
      scoped(to.namespace, to.group),
    ]),
  );
  return named('group', byId(old.groups), byId(next.groups)).map((step) =>
    joined.has(step.name) && step.action !== 'added' ? { ...step, action: 'restart' } : step,
  );
}

// --- endpoints --------------------------------------------------------------------------------------------

function endpoints(old: Config, next: Config): readonly PlanStep[] {
  const before = new Map(old.endpoints.map((endpoint) => [endpoint.path, endpoint]));
  const kept = next.endpoints.map((endpoint): PlanStep => {
    const { path: name } = endpoint;
    const earlier = before.get(name);
    before.delete(name);
    if (earlier === undefined) return { subject: 'endpoint', name, action: 'added' };
    const fields = differences(earlier, endpoint);
    if (fields.length === 0) return { subject: 'endpoint', name, action: 'unchanged' };
    const action = isInPlace(earlier, endpoint, fields) ? 'changed' : 'replaced';
    return { subject: 'endpoint', name, action, fields };
  });
  const removed = [...before.keys()].map(
    (name): PlanStep => ({ subject: 'endpoint', name, action: 'removed' }),
  );
  return [...kept, ...removed];
}

/** Whether the connections that are there can go on as if they had come after the change. */
function isInPlace(old: EndpointConfig, next: EndpointConfig, fields: readonly string[]): boolean {
  const isKnown = fields.every((field) => IN_PLACE.includes(field.split('.', 1)[0] ?? ''));
  const keepsLogin = typeof old.auth !== 'string' && typeof next.auth !== 'string';
  return (
    isKnown &&
    (isSame(old.auth, next.auth) || keepsLogin) &&
    (old.sockjs === false || next.sockjs !== false) &&
    keepsKeys(old.encryption, next.encryption)
  );
}

/** A client goes on under the key that it used last. */
function keepsKeys(old: EndpointConfig['encryption'], next: EndpointConfig['encryption']): boolean {
  if (old === undefined || next === undefined) return old === next;
  return Object.entries(old.keys).every(([id, key]) => next.keys[id] === key);
}
