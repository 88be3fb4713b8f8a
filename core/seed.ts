/** Brings the configuration's users, groups and blocks into the hub before the first connection. */
import type { Group } from '../schemas/model.ts';
import { userKey } from './groups.ts';
import type { Hub } from './hub.ts';

export async function seed(hub: Hub): Promise<void> {
  const { users, groups, blocks, bridgeGroups } = hub.config;
  for (const { namespace, id, name, avatar, extensions } of users) {
    hub.directory.put(namespace, {
      id,
      name,
      ...(avatar === undefined ? {} : { avatar }),
      ...(extensions === undefined ? {} : { extensions }),
    });
  }
  for (const configured of groups) {
    const { namespace, id, name, description, owner, open, createdAt, extensions } = configured;
    const group: Group = {
      namespace,
      id,
      name,
      description,
      open,
      createdAt: createdAt ?? hub.now(),
      ...(owner === undefined ? {} : { owner: hub.directory.userOf(namespace, owner) }),
      ...(extensions === undefined ? {} : { extensions }),
    };
    const record = hub.groups.add(group);
    for (const member of configured.members) {
      const known =
        hub.directory.find(namespace, member) ?? hub.directory.put(namespace, { id: member, name: member });
      hub.addMember(record, known);
    }
    for (const muted of configured.muted) record.muted.add(userKey({ namespace, id: muted }));
  }
  for (const { namespace, user, blocked } of blocks) {
    const known =
      hub.directory.find(namespace, user) ?? hub.directory.put(namespace, { id: user, name: user });
    known.blocked.add(blocked);
  }
  for (const { from, to } of bridgeGroups) {
    const record = hub.groups.find(from.namespace, from.group);
    const alias = hub.groups.find(to.namespace, to.group);
    if (record !== undefined && alias !== undefined && record !== alias) hub.groups.bridge(record, alias);
  }
  await assignIntegers(hub);
}

/** Everybody who can be seen on an endpoint that shows integers has one before anybody connects. */
async function assignIntegers(hub: Hub): Promise<void> {
  const namespaces = new Set(
    hub.endpoints.filter(({ config }) => config.identity === 'integer').map(({ namespace }) => namespace),
  );
  for (const namespace of namespaces) {
    const known = new Map<string, { readonly id: string; readonly integer?: number | undefined }>();
    for (const user of hub.config.users) {
      if (user.namespace === namespace) known.set(user.id, { id: user.id, integer: user.integer });
    }
    for (const group of hub.config.groups) {
      if (group.namespace !== namespace) continue;
      for (const id of group.members) if (!known.has(id)) known.set(id, { id });
    }
    await new Promise<void>((resolve, reject) => {
      hub.identities.assign(namespace, [...known.values()], (outcome) => {
        if (outcome.ok) resolve();
        else reject(outcome.error);
      });
    });
  }
}
