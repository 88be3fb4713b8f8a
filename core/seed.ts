/**
 * Brings users, groups and their relations into the hub before the first connection: the configuration first,
 * and on top of it what the backend has changed since, as the store has it. So a change made by the backend
 * outlasts a restart, and what the configuration says holds for all else.
 */
import type { Config, GroupConfig, UserConfig } from '../schemas/config.ts';
import { conversationKey } from '../schemas/conversation.ts';
import type { Group, Profile } from '../schemas/model.ts';
import { type GroupRecord, userKey } from './groups.ts';
import type { Hub } from './hub.ts';
import type { DirectoryEntry } from './store/directory.ts';

/** Who is a member of which group, by user key; `false`: was one. Enrolled only when all is known. */
type Members = Map<GroupRecord, Map<string, { readonly id: string; readonly isMember: boolean }>>;

export async function seed(hub: Hub): Promise<void> {
  const members: Members = new Map();
  configure(hub, members);
  // Relations name users and groups, whatever was saved first.
  const stored = hub.directoryStore.entries();
  for (const entry of stored) if (entry.kind === 'user') hub.directory.put(entry.namespace, entry.value);
  for (const entry of stored) if (entry.kind === 'group') applyGroup(hub, entry);
  for (const entry of stored) applyRelation(hub, members, entry);
  enroll(hub, members);
  for (const { from, to } of hub.config.bridgeGroups) {
    const record = hub.groups.find(from.namespace, from.group);
    const alias = hub.groups.find(to.namespace, to.group);
    if (record === undefined || alias === undefined || record === alias) continue;
    hub.groups.bridge(record, alias);
    for (const { namespace, id } of alias.members.values()) {
      const member = hub.directory.find(namespace, id);
      if (member?.memberships.has(alias) !== true) continue;
      member.setMembership(alias, false);
      member.setMembership(record, true);
    }
  }
  await assignIntegers(hub, hub.config, stored);
}

function configure(hub: Hub, members: Members): void {
  const { users, groups, blocks } = hub.config;
  for (const user of users) hub.directory.put(user.namespace, profileOf(user));
  for (const configured of groups) {
    const { namespace } = configured;
    const record = hub.groups.add(configuredGroup(hub, configured, hub.now()));
    for (const member of configured.members) note(members, record, member, true);
    for (const muted of configured.muted) record.muted.add(userKey({ namespace, id: muted }));
  }
  for (const { namespace, user, blocked } of blocks) known(hub, namespace, user).setBlocked(blocked, true);
}

export function profileOf({ id, name, avatar, extensions }: UserConfig): Profile {
  return {
    id,
    name,
    ...(avatar === undefined ? {} : { avatar }),
    ...(extensions === undefined ? {} : { extensions }),
  };
}

/** `made`: when, if the configuration does not say it; epoch ms. */
export function configuredGroup(hub: Hub, group: GroupConfig, made: number): Group {
  const { namespace, id, name, description, owner, open, createdAt, extensions } = group;
  return {
    namespace,
    id,
    name,
    description,
    open,
    createdAt: createdAt ?? made,
    ...(owner === undefined ? {} : { owner: hub.directory.userOf(namespace, owner) }),
    ...(extensions === undefined ? {} : { extensions }),
  };
}

export function known(hub: Hub, namespace: string, id: string) {
  return hub.directory.find(namespace, id) ?? hub.directory.put(namespace, { id, name: id });
}

function note(members: Members, record: GroupRecord, id: string, isMember: boolean): void {
  const noted = members.get(record) ?? new Map();
  members.set(record, noted);
  noted.set(userKey({ namespace: record.group.namespace, id }), { id, isMember });
}

function applyGroup(hub: Hub, entry: DirectoryEntry & { readonly kind: 'group' }): void {
  const { namespace, id, value } = entry;
  const old = hub.groups.find(namespace, id);
  if (value === null) {
    if (old !== undefined) hub.groups.remove(old);
    return;
  }
  const { name, description, open, createdAt, owner } = value;
  const group: Group = {
    namespace,
    id,
    name,
    description,
    open,
    createdAt,
    ...(owner === undefined ? {} : { owner: hub.directory.userOf(namespace, owner) }),
    ...(old?.group.extensions === undefined ? {} : { extensions: old.group.extensions }),
  };
  if (old === undefined) hub.groups.add(group);
  else old.group = Object.freeze(group);
}

/** What is said of a group that there is no more is left alone: the group may come back. */
function applyRelation(hub: Hub, members: Members, entry: DirectoryEntry): void {
  const { namespace, id } = entry;
  switch (entry.kind) {
    case 'user':
    case 'group':
      return;
    case 'revoked':
      hub.revocations.add(namespace, id, entry.value);
      return;
    case 'member': {
      const record = hub.groups.find(namespace, id);
      if (record !== undefined) note(members, record, entry.other, entry.value);
      return;
    }
    case 'muted':
      put(hub.groups.find(namespace, id)?.muted, userKey({ namespace, id: entry.other }), entry.value);
      return;
    case 'blocked':
      known(hub, namespace, id).setBlocked(entry.other, entry.value);
      return;
    case 'contact':
      known(hub, namespace, id).setContact(entry.other, entry.value);
      return;
    default:
      entry satisfies never;
  }
}

function put(set: Set<string> | undefined, item: string, isIn: boolean): void {
  if (isIn) set?.add(item);
  else set?.delete(item);
}

function enroll(hub: Hub, members: Members): void {
  for (const [record, noted] of members) {
    const { namespace, id } = record.group;
    if (hub.groups.find(namespace, id) !== record) continue;
    const former: string[] = [];
    for (const member of noted.values()) {
      if (member.isMember) hub.addMember(record, known(hub, namespace, member.id));
      else former.push(member.id);
    }
    // The process may have ended between the removal of a member and this.
    if (former.length === 0) continue;
    hub.store.withdraw(namespace, conversationKey({ type: 'group', id }, ''), former, (outcome) => {
      if (!outcome.ok) hub.log.error({ err: outcome.error }, 'former members could not be withdrawn');
    });
  }
}

/**
 * Everybody who can be seen on an endpoint that shows integers has one before anybody connects. For a server behind
 * that shows them only the configured ones count: it knows its users by numbers of its own.
 */
export async function assignIntegers(
  hub: Hub,
  config: Config,
  stored: readonly DirectoryEntry[],
): Promise<void> {
  const shown = new Set(
    config.endpoints.filter(({ identity }) => identity === 'integer').map(({ namespace }) => namespace),
  );
  const behind = config.endpoints
    .filter(({ upstream }) => upstream?.identity === 'integer')
    .map(({ namespace }) => namespace);
  for (const namespace of new Set([...shown, ...behind])) {
    const users = new Map<string, { readonly id: string; readonly integer?: number | undefined }>();
    for (const { id, integer, ...user } of config.users) {
      if (user.namespace !== namespace) continue;
      if (integer !== undefined || shown.has(namespace)) users.set(id, { id, integer });
    }
    if (shown.has(namespace)) addUnnumbered(users, config, { namespace, stored });
    if (shown.has(namespace)) addPresent(users, hub, namespace);
    if (users.size === 0) continue;
    await new Promise<void>((resolve, reject) => {
      hub.identities.assign(namespace, [...users.values()], (outcome) => {
        if (outcome.ok) resolve();
        else reject(outcome.error);
      });
    });
  }
}

function addUnnumbered(
  users: Map<string, { readonly id: string; readonly integer?: number | undefined }>,
  config: Config,
  { namespace, stored }: { readonly namespace: string; readonly stored: readonly DirectoryEntry[] },
): void {
  const add = (id: string): void => {
    if (!users.has(id)) users.set(id, { id });
  };
  for (const group of config.groups) if (group.namespace === namespace) group.members.forEach(add);
  for (const entry of stored) {
    if (entry.namespace !== namespace) continue;
    if (entry.kind === 'user') add(entry.id);
    if (entry.kind === 'member' && entry.value) add(entry.other);
  }
}

/** Whoever is known already, when a reload brings the first endpoint that shows integers. */
function addPresent(
  users: Map<string, { readonly id: string; readonly integer?: number | undefined }>,
  { directory }: Hub,
  namespace: string,
): void {
  for (const { user, known } of directory.in(namespace))
    if (known && !users.has(user.id)) users.set(user.id, { id: user.id });
}
