import { describe, expect, it } from 'vitest';
import { Event, type EventType } from '../schemas/event.ts';
import { eventIn, messageIn, userIn } from './bridged-view.ts';

const user = (namespace: string, id: string) => ({ namespace, id, name: id, avatar: `/${id}.png` });
const alice = user('main', 'alice');
const zoe = user('guests', 'zoe');
const group = {
  namespace: 'main',
  id: 'lobby',
  name: 'L',
  description: '',
  createdAt: 0,
  open: true,
  owner: alice,
};
const message = {
  id: 'm1',
  namespace: 'main',
  sequence: 1,
  from: alice,
  to: { type: 'group', id: 'lobby' },
  content: 'hi',
  contentType: 'text',
  sentAt: 0,
} as const;
const inMain = { namespace: 'main', origin: 'c-1' } as const;
const at = 0;

/** One of each kind, as it happened in `main`. */
const EVENTS: { readonly [Type in EventType]: Extract<Event, { readonly type: Type }> } = {
  authenticated: { ...inMain, type: 'authenticated', user: alice },
  session_replaced: { ...inMain, type: 'session_replaced', user: alice },
  message: { ...inMain, type: 'message', message },
  message_read: { ...inMain, type: 'message_read', target: message.to, reader: alice, at },
  message_revoked: { ...inMain, type: 'message_revoked', message: 'm1', from: alice, to: message.to, at },
  relayed: {
    ...inMain,
    type: 'relayed',
    id: 'r1',
    target: message.to,
    name: 'typing',
    headers: [],
    body: '',
    ephemeral: true,
    from: alice,
  },
  member_joined: { ...inMain, type: 'member_joined', group, user: alice, at },
  member_left: { ...inMain, type: 'member_left', group, user: alice, at },
  member_removed: { ...inMain, type: 'member_removed', group, user: alice, reason: 'quit', at },
  presence_changed: { ...inMain, type: 'presence_changed', user: alice, online: true, at },
  user_list: { ...inMain, type: 'user_list', group, online: [alice, zoe], offline: [alice] },
  contact_requested: { ...inMain, type: 'contact_requested', request: 'r', from: alice, to: 'bob', at },
  contact_accepted: { ...inMain, type: 'contact_accepted', contact: alice, to: 'bob', at },
  group_dissolved: { ...inMain, type: 'group_dissolved', group, at },
  group_transferred: { ...inMain, type: 'group_transferred', group, newOwner: alice, at },
  member_muted: { ...inMain, type: 'member_muted', group, user: alice, muted: true, at },
  group_announcement: { ...inMain, type: 'group_announcement', group, text: 'hi', at },
  group_invited: { ...inMain, type: 'group_invited', group, inviter: alice, to: 'bob', at },
  going_away: { ...inMain, type: 'going_away', reason: 'shutting_down', afterMs: 0 },
};

/** About one user or one connection: never fanned out to a group, so never seen from another namespace. */
const OWN_AFFAIRS: ReadonlySet<string> = new Set([
  'authenticated',
  'session_replaced',
  'presence_changed',
  'contact_requested',
  'contact_accepted',
  'going_away',
]);

describe('a user', () => {
  it('is a guest in other namespaces, with the rest of the profile, and itself at home', () => {
    expect(userIn(alice, 'guests')).toEqual({ ...alice, namespace: 'guests', id: 'guest:alice' });
    expect(userIn(alice, 'main')).toBe(alice);
  });

  it('is not made a guest twice', () => {
    const once = userIn(alice, 'guests');
    expect(userIn(once, 'guests')).toEqual(once);
  });
});

describe.each(Object.values(EVENTS))('$type, seen from the other namespace of a bridged group', (event) => {
  const seen = eventIn(event, 'guests', 'hall');

  it('is a whole event still, and the original is untouched', () => {
    expect(Event.safeParse(seen).error).toBeUndefined();
    expect(JSON.stringify(event)).toContain('"main"');
    expect(Object.isFrozen(seen) || seen === event).toBe(true);
  });

  it('shows nobody of the home namespace by their own id, and the group under its own name there', () => {
    const text = JSON.stringify(seen);
    if (OWN_AFFAIRS.has(event.type)) {
      expect(seen).toBe(event);
      return;
    }
    expect(text).not.toContain('"main"');
    expect(text).not.toContain('"id":"alice"');
    expect(text).not.toContain('"lobby"');
    expect(text).not.toContain('guest:zoe');
  });
});

it('a direct message keeps its target', () => {
  expect(messageIn({ ...message, to: { type: 'user', id: 'bob' } }, 'guests', 'hall').to).toEqual({
    type: 'user',
    id: 'bob',
  });
});
