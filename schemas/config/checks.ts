/**
 * What a schema of one value can't say: references that lead nowhere, things said twice, and combinations
 * that would be unsafe.
 *
 * The checks run even where parts of the file are wrong, so that all errors come at once. They therefore
 * take the value for untrusted: a part that is not as expected is another message's concern and is skipped.
 */
import { checkApi } from './check-api.ts';
import { checkAuthenticators, checkCookies } from './check-authenticators.ts';
import { checkEndpoints } from './check-endpoints.ts';
import { checkHooks } from './check-hooks.ts';
import {
  type CheckContext,
  claim,
  declared,
  field,
  list,
  namespaceOf,
  number,
  type Path,
  quote,
  text,
  unknownReference,
} from './reading.ts';

/** Reports everything that is wrong between the parts of a configuration, which may itself be broken. */
export function checkConfig(config: unknown, context: CheckContext): void {
  checkAuthenticators(config, context);
  checkUsers(config, context);
  checkGroups(config, context);
  checkBridges(config, context);
  checkLimits(config, context);
  checkEndpoints(config, context);
  checkHooks(config, context);
  checkCookies(config, context);
  checkApi(config, context);
}

function checkUsers(config: unknown, { report }: CheckContext): void {
  const ids = new Map<string, number>();
  const integers = new Map<string, number>();
  for (const [index, user] of list(config, 'users').entries()) {
    const namespace = namespaceOf(user);
    const id = text(user, 'id');
    const integer = number(user, 'integer');
    if (id !== undefined) {
      const first = claim(ids, [namespace, id], index);
      if (first !== undefined) {
        report(
          ['users', index, 'id'],
          `user ${quote(id)} of namespace ${quote(namespace)} is listed twice, first in users[${first}]`,
        );
      }
    }
    if (integer !== undefined) {
      const first = claim(integers, [namespace, integer], index);
      if (first !== undefined) {
        report(
          ['users', index, 'integer'],
          `the number ${integer} is taken by users[${first}]; each user of a namespace needs one of its own`,
        );
      }
    }
  }
}

function checkGroups(config: unknown, { report }: CheckContext): void {
  const users = declared(config, 'users');
  const needUser = (path: Path, id: unknown, namespace: string) => {
    if (users === undefined || typeof id !== 'string') return;
    const known = users.get(namespace) ?? new Set<string>();
    if (!known.has(id)) report(path, unknownReference('user', id, namespace, known));
  };
  const ids = new Map<string, number>();
  for (const [index, group] of list(config, 'groups').entries()) {
    const namespace = namespaceOf(group);
    const id = text(group, 'id');
    if (id !== undefined) {
      const first = claim(ids, [namespace, id], index);
      if (first !== undefined) {
        report(
          ['groups', index, 'id'],
          `group ${quote(id)} of namespace ${quote(namespace)} is listed twice, first in groups[${first}]`,
        );
      }
    }
    needUser(['groups', index, 'owner'], field(group, 'owner'), namespace);
    for (const section of ['members', 'muted'] as const) {
      for (const [position, user] of list(group, section).entries()) {
        needUser(['groups', index, section, position], user, namespace);
      }
    }
  }
  for (const [index, block] of list(config, 'blocks').entries()) {
    needUser(['blocks', index, 'user'], field(block, 'user'), namespaceOf(block));
    needUser(['blocks', index, 'blocked'], field(block, 'blocked'), namespaceOf(block));
    if (text(block, 'user') !== undefined && text(block, 'user') === text(block, 'blocked')) {
      report(['blocks', index, 'blocked'], 'nobody can block themselves');
    }
  }
}

function checkBridges(config: unknown, { report }: CheckContext): void {
  const groups = declared(config, 'groups');
  for (const [index, bridge] of list(config, 'bridgeGroups').entries()) {
    for (const end of ['from', 'to'] as const) {
      const namespace = text(field(bridge, end), 'namespace');
      const id = text(field(bridge, end), 'group');
      if (groups === undefined || namespace === undefined || id === undefined) continue;
      const known = groups.get(namespace) ?? new Set<string>();
      if (!known.has(id))
        report(['bridgeGroups', index, end, 'group'], unknownReference('group', id, namespace, known));
    }
    const from = text(field(bridge, 'from'), 'namespace');
    if (from !== undefined && from === text(field(bridge, 'to'), 'namespace')) {
      report(
        ['bridgeGroups', index, 'to', 'namespace'],
        'a bridge joins groups of two namespaces; both ends are in the same one',
      );
    }
  }
}

function checkLimits(config: unknown, { report, sound }: CheckContext): void {
  const general = field(config, 'limits');
  const check = (path: Path, own: unknown) => {
    const frame = number(own, 'frame') ?? number(general, 'frame');
    const sendBuffer = number(own, 'sendBuffer') ?? number(general, 'sendBuffer');
    if (frame === undefined || sendBuffer === undefined || frame <= sendBuffer) return;
    const key = own === general || number(own, 'sendBuffer') === undefined ? 'frame' : 'sendBuffer';
    report([...path, key], `a frame (${frame} bytes) must fit into sendBuffer (${sendBuffer} bytes)`);
  };
  if (!sound(['limits'])) return;
  check(['limits'], general);
  for (const [index, endpoint] of list(config, 'endpoints').entries()) {
    const own = field(endpoint, 'limits');
    const path = ['endpoints', index, 'limits'];
    if (sound(path) && (number(own, 'frame') ?? number(own, 'sendBuffer')) !== undefined) check(path, own);
  }
}
