/** What one connection sees of a group and its people: the same for all, unless the group is bridged. */
import type { Group, User } from '../schemas/model.ts';
import { userIn } from './bridged-view.ts';
import { type GroupRecord, groupIdIn, isOpenIn } from './groups.ts';
import type { Participant } from './participant.ts';

export function userView(record: GroupRecord, user: User, connection: Participant): User {
  return record.aliases.size === 0 ? user : userIn(user, connection.namespace);
}

export function groupView(record: GroupRecord, connection: Participant): Group {
  const { group } = record;
  if (record.aliases.size === 0) return group;
  const { namespace } = connection;
  return Object.freeze({
    ...group,
    namespace,
    id: groupIdIn(record, namespace),
    open: isOpenIn(record, namespace),
    ...(group.owner === undefined ? {} : { owner: userIn(group.owner, namespace) }),
  });
}
