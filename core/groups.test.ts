import { describe, expect, it } from 'vitest';
import type { Group } from '../schemas/model.ts';
import { Groups, groupIdIn, isOpenIn, userKey } from './groups.ts';

const group = (namespace: string, id: string): Group => ({
  namespace,
  id,
  name: id,
  description: '',
  createdAt: 0,
  open: true,
});
const user = (namespace: string, id: string) => ({ namespace, id, name: id });

describe('groups', () => {
  it('are found by namespace and id, until they are removed', () => {
    const groups = new Groups();
    const record = groups.add(group('main', 'lobby'));
    expect(groups.find('main', 'lobby')).toBe(record);
    expect(groups.find('other', 'lobby')).toBeUndefined();
    expect(groups.size).toBe(1);
    groups.remove(record);
    expect([groups.find('main', 'lobby'), groups.size]).toEqual([undefined, 0]);
  });

  it('that come and go are counted by the endpoint that made them', () => {
    const groups = new Groups();
    const first = groups.add(group('main', 'channel:a'), '/one');
    groups.add(group('main', 'channel:b'), '/one');
    groups.add(group('other', 'channel:a'), '/two');
    groups.add(group('main', 'lobby'));
    expect([groups.transientCount('/one'), groups.transientCount('/two')]).toEqual([2, 1]);
    groups.remove(first);
    expect([groups.transientCount('/one'), groups.transientCount('/three')]).toEqual([1, 0]);
  });

  it('that are bridged keep a door each', () => {
    const groups = new Groups();
    const home = groups.add({ ...group('main', 'help'), open: true });
    groups.bridge(home, groups.add({ ...group('staff', 'desk'), open: false }));
    expect([isOpenIn(home, 'main'), isOpenIn(home, 'staff')]).toEqual([true, false]);
  });

  it('that are bridged are one group under two names, with the members of both', () => {
    const groups = new Groups();
    const home = groups.add(group('main', 'lobby'));
    const away = groups.add(group('guests', 'hall'));
    const [alice, zoe] = [user('main', 'alice'), user('guests', 'zoe')];
    home.members.set(userKey(alice), alice);
    away.members.set(userKey(zoe), zoe);
    away.muted.add(userKey(zoe));
    groups.bridge(home, away);
    expect(groups.find('guests', 'hall')).toBe(home);
    expect(groups.size).toBe(1);
    expect([...home.members.values()]).toEqual([alice, zoe]);
    expect(home.muted.has(userKey(zoe))).toBe(true);
    expect(['main', 'guests', 'third'].map((namespace) => groupIdIn(home, namespace))).toEqual([
      'lobby',
      'hall',
      'lobby',
    ]);
    groups.remove(home);
    expect([groups.find('main', 'lobby'), groups.find('guests', 'hall'), groups.size]).toEqual([
      undefined,
      undefined,
      0,
    ]);
  });
});

describe('the key of a user', () => {
  it('tells apart what a plain join would not', () => {
    expect(userKey({ namespace: 'a', id: 'b:c' })).not.toBe(userKey({ namespace: 'a:b', id: 'c' }));
    expect(userKey({ namespace: '', id: 'ab' })).not.toBe(userKey({ namespace: 'a', id: 'b' }));
  });
});
