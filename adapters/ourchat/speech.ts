/** Canonical -> frames, as one client is told them: what the server's face says, apart from when it says it. */
import type { WireIdentity } from '../../core/dialect.ts';
import type { Message, User } from '../../schemas/model.ts';
import type { EndpointView } from './endpoint-view.ts';
import { wireIdOf } from './user-ids.ts';
import type { Change, ChatFrame, ListedUser, UserListFrame } from './wire.ts';

/** Whom we speak to. */
export interface Listener {
  readonly view: EndpointView;
  readonly identity: WireIdentity;
  /** Undefined before the login. */
  readonly user: User | undefined;
  /** Epoch ms. */
  readonly loggedInAt: number;
}

/** A message as chat, or the field that keeps it from being said. */
export function chatOf(message: Message, listener: Listener): ChatFrame | string {
  const { view, identity } = listener;
  const { from, to } = message;
  const fromUserId = wireIdOf(identity, from.id);
  if (fromUserId === undefined) return 'message.from';
  const common = {
    type: 'chat',
    fromUserId,
    fromNickname: from.name || from.id,
    content: message.content,
    at: message.sentAt,
  } as const;
  if (to.type === 'group') {
    if (to.id !== view.endpoint.options.lobby) return 'message.to';
    return { ...common, toUserId: null, toNickname: null };
  }
  const toUserId = wireIdOf(identity, to.id);
  if (toUserId === undefined) return 'message.to';
  return { ...common, toUserId, toNickname: nicknameOf(to.id, listener) };
}

/** Never null, because a null nickname says "group": the listener's own name, or as last listed, or the id. */
function nicknameOf(userId: string, { view, user }: Listener): string {
  const own = userId === user?.id ? user.name : '';
  return own || view.nameOf(userId) || userId;
}

/** What a message has and chat has no field for. Its ids and its place in the order are lost with every message. */
export function lostOf(message: Message): readonly string[] {
  const fields: string[] = [];
  if (message.contentType !== 'text') fields.push('message.contentType');
  if (message.replyTo !== undefined) fields.push('message.replyTo');
  if (message.attachment !== undefined) fields.push('message.attachment');
  return fields;
}

/** A change of presence; undefined if the user has no integer here. */
export function changeOf(
  user: User,
  online: boolean,
  at: number,
  identity: WireIdentity,
): Change | undefined {
  const userId = wireIdOf(identity, user.id);
  return userId === undefined ? undefined : { userId, nickname: user.name || user.id, online, at };
}

/** The change that a user list names: the last one since the listener came, or else the listener's own coming. */
export function listChangeOf({ view, identity, user, loggedInAt }: Listener): Change | null {
  if (!view.form.listHasChange) return null;
  const last = view.change;
  const change =
    last !== undefined && last.at >= loggedInAt
      ? changeOf(last.user, last.online, last.at, identity)
      : undefined;
  return change ?? (user && changeOf(user, true, loggedInAt, identity)) ?? null;
}

/** A user list, and which of its two sides had users without an integer here. */
export function userListOf(
  users: { readonly online: readonly User[]; readonly offline: readonly User[] },
  listener: Listener,
): { readonly frame: UserListFrame; readonly missing: readonly string[] } {
  const online = listed(users.online, listener.identity);
  const offline = listed(users.offline, listener.identity);
  const missing: string[] = [];
  if (online.length < users.online.length) missing.push('online');
  if (offline.length < users.offline.length) missing.push('offline');
  return { frame: { type: 'user_list', online, offline, change: listChangeOf(listener) }, missing };
}

function listed(users: readonly User[], identity: WireIdentity): readonly ListedUser[] {
  const known: ListedUser[] = [];
  for (const user of users) {
    const userId = wireIdOf(identity, user.id);
    if (userId !== undefined) known.push({ userId, nickname: user.name || user.id });
  }
  return known;
}
