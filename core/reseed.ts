/**
 * Brings users, groups and blocks of another configuration into a hub that is in use. The end is what a restart would
 * lead to: what the backend has said of somebody or something stands, the configuration's word holds for all else.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Config, GroupConfig, UserConfig } from '../schemas/config.ts';
import { conversationKey } from '../schemas/conversation.ts';
import type { User } from '../schemas/model.ts';
import { dissolved, removed } from './admin/groups.ts';
import { tellGroup } from './admin/shared.ts';
import { type GroupRecord, userKey } from './groups.ts';
import type { Hub } from './hub.ts';
import { configuredGroup, known, profileOf } from './seed.ts';
import { type DirectoryEntry, directoryKey } from './store/directory.ts';
import { groupTurn, userTurn } from './turns.ts';

/** Whether the backend has spoken: `kind`, namespace, id, and whom it is about where there is a second one. */
type Spoken = (kind: DirectoryEntry['kind'], namespace: string, id: string, other?: string) => boolean;

interface Change<Item> {
  readonly old: Item | undefined;
  readonly next: Item | undefined;
}

/** Configurations between which a plan needs no restart. Never fails: what can't be stored is logged. */
export async function reseed(hub: Hub, old: Config, next: Config): Promise<void> {
  const keys = new Set(hub.directoryStore.entries().map((entry) => JSON.stringify(directoryKey(entry))));
  const spoken: Spoken = (kind, namespace, id, other = '') =>
    keys.has(JSON.stringify([kind, namespace, id, other]));
  const users = changes(old.users, next.users);
  for (const { next: user } of users) {
    if (user === undefined || spoken('user', user.namespace, user.id)) continue;
    await hub.turns.take(userTurn(user.namespace, user.id), async () => putUser(hub, user));
  }
  for (const change of changes(old.groups, next.groups)) {
    const { namespace, id } = (change.next ?? change.old) as GroupConfig;
    await hub.turns.take(groupTurn(hub, namespace, id), async () => changeGroup(hub, change, spoken));
  }
  changeBlocks(hub, old, next, spoken);
  for (const { old: user, next: listed } of users) {
    if (user !== undefined && listed === undefined && !spoken('user', user.namespace, user.id))
      unlist(hub, user);
  }
}

function changes<Item extends { readonly namespace: string; readonly id: string }>(
  old: readonly Item[],
  next: readonly Item[],
): readonly Change<Item>[] {
  const before = new Map(old.map((item) => [userKey(item), item]));
  const all: Change<Item>[] = next.map((item) => ({ old: before.get(userKey(item)), next: item }));
  const after = new Set(next.map(userKey));
  for (const item of old) if (!after.has(userKey(item))) all.push({ old: item, next: undefined });
  return all.filter((change) => !isDeepStrictEqual(change.old, change.next));
}

// --- users ------------------------------------------------------------------------------------------------

function putUser(hub: Hub, user: UserConfig): void {
  const record = hub.directory.put(user.namespace, profileOf(user));
  for (const group of record.memberships) {
    group.members.set(userKey(record.user), record.user);
    hub.rosters.changed(group);
  }
}

/** Stays known as long as somebody else has said something of it. */
function unlist(hub: Hub, { namespace, id }: UserConfig): void {
  const record = hub.directory.find(namespace, id);
  if (record === undefined) return;
  const { memberships, blocked, contacts } = record;
  if (memberships.size + blocked.size + contacts.size === 0) hub.directory.unlist(record);
}

// --- groups -----------------------------------------------------------------------------------------------

function changeGroup(hub: Hub, { old, next }: Change<GroupConfig>, spoken: Spoken): void {
  const { namespace, id } = (next ?? old) as GroupConfig;
  const isBackends = spoken('group', namespace, id);
  const found = hub.groups.find(namespace, id);
  if (found === undefined && (isBackends || next === undefined)) return;
  if (next === undefined) {
    if (found !== undefined && !isBackends) dissolve(hub, found);
    return;
  }
  const group = configuredGroup(hub, next, found?.group.createdAt ?? hub.now());
  const record = found ?? hub.groups.add(group);
  if (found !== undefined && !isBackends) found.group = Object.freeze(group);
  const mine = (kind: 'member' | 'muted') => (other: string) => !spoken(kind, namespace, id, other);
  const members = compare(old?.members ?? [], next.members, mine('member'));
  for (const member of members.added) hub.addMember(record, known(hub, namespace, member));
  for (const member of members.gone) leave(hub, record, hub.directory.userOf(namespace, member));
  const muted = compare(old?.muted ?? [], next.muted, mine('muted'));
  for (const user of muted.added) mute(hub, record, hub.directory.userOf(namespace, user), true);
  for (const user of muted.gone) mute(hub, record, hub.directory.userOf(namespace, user), false);
  hub.rosters.changed(record);
}

function compare(old: readonly string[], next: readonly string[], isMine: (id: string) => boolean) {
  const before = new Set(old);
  const after = new Set(next);
  return {
    added: next.filter((id) => !before.has(id) && isMine(id)),
    gone: old.filter((id) => !after.has(id) && isMine(id)),
  };
}

function leave(hub: Hub, record: GroupRecord, user: User): void {
  if (!record.members.has(userKey(user))) return;
  withdraw(hub, record, [user]);
  removed(hub, record, user, 'kicked');
}

function dissolve(hub: Hub, record: GroupRecord): void {
  withdraw(hub, record, [...record.members.values()]);
  dissolved(hub, record);
}

/** What is said from now on is not kept for them. */
function withdraw(hub: Hub, record: GroupRecord, members: readonly User[]): void {
  const { namespace, id } = record.group;
  const own = members.filter((member) => member.namespace === namespace).map((member) => member.id);
  if (own.length === 0) return;
  hub.store.withdraw(namespace, conversationKey({ type: 'group', id }, ''), own, (outcome) => {
    if (!outcome.ok) hub.log.error({ err: outcome.error }, 'former members could not be withdrawn');
  });
}

function mute(hub: Hub, record: GroupRecord, user: User, muted: boolean): void {
  const key = userKey(user);
  if (record.muted.has(key) === muted) return;
  if (muted) record.muted.add(key);
  else record.muted.delete(key);
  const { group } = record;
  const event = {
    type: 'member_muted',
    namespace: group.namespace,
    group,
    user,
    muted,
    at: hub.now(),
  } as const;
  tellGroup(hub, record, event, user.id);
}

// --- blocks -----------------------------------------------------------------------------------------------

function changeBlocks(hub: Hub, old: Config, next: Config, spoken: Spoken): void {
  const set = (blocks: Config['blocks'], others: Config['blocks'], isBlocked: boolean): void => {
    for (const block of blocks) {
      const { namespace, user, blocked } = block;
      const isSaid = others.some((other) => isDeepStrictEqual(other, block));
      if (isSaid || spoken('blocked', namespace, user, blocked)) continue;
      if (isBlocked) known(hub, namespace, user).setBlocked(blocked, true);
      else hub.directory.find(namespace, user)?.setBlocked(blocked, false);
    }
  };
  set(next.blocks, old.blocks, true);
  set(old.blocks, next.blocks, false);
}
