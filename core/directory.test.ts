import { describe, expect, it } from 'vitest';
import type { Connection } from './connection.ts';
import { Directory } from './directory.ts';
import { GatewayError } from './errors.ts';
import type { GroupRecord } from './groups.ts';

const profile = (id: string, name = id) => ({ id, name });
const CONNECTION = {} as Connection;

describe('a user who logs in', () => {
  it('is shown as the directory has it, whatever the login says', () => {
    const directory = new Directory(10);
    directory.put('main', profile('alice', 'Alice'));
    expect(directory.meet('main', profile('alice', 'Mallory'), true).user.name).toBe('Alice');
    expect(directory.meet('main', profile('alice', 'Mallory'), false).user.name).toBe('Alice');
    expect([directory.size, directory.guests]).toEqual([1, 0]);
  });

  it('is known from then on if an authenticator vouches for the id', () => {
    const directory = new Directory(10);
    const record = directory.meet('main', profile('zoe', 'Zoe'), true);
    directory.release(record);
    expect(directory.find('main', 'zoe')?.user).toEqual({ namespace: 'main', id: 'zoe', name: 'Zoe' });
  });

  it('is a guest otherwise, forgotten with the last connection', () => {
    const directory = new Directory(10);
    const record = directory.meet('main', profile('zoe'), false);
    record.connections.add(CONNECTION);
    directory.release(record);
    expect([directory.size, directory.guests]).toEqual([1, 1]);
    record.connections.delete(CONNECTION);
    directory.release(record);
    directory.release(record);
    expect([directory.size, directory.guests, directory.find('main', 'zoe')]).toEqual([0, 0, undefined]);
  });

  it('is refused when there are too many guests, and let in when one has gone', () => {
    const directory = new Directory(2);
    const first = directory.meet('main', profile('g1'), false);
    directory.meet('other', profile('g1'), false);
    expect(() => directory.meet('main', profile('g2'), false)).toThrow(
      new GatewayError('limit_exceeded', { detail: 'too many guests' }),
    );
    expect(directory.meet('main', profile('g1'), false)).toBe(first);
    directory.meet('main', profile('alice'), true);
    directory.release(first);
    expect(directory.meet('main', profile('g2'), false).known).toBe(false);
  });
});

describe('a profile', () => {
  it('is frozen, and replaced as a whole', () => {
    const directory = new Directory(10);
    const record = directory.put('main', { ...profile('alice'), avatar: '/a.png' });
    const before = record.user;
    expect(directory.put('main', profile('alice', 'Alice B.'))).toBe(record);
    expect(before).toEqual({ namespace: 'main', id: 'alice', name: 'alice', avatar: '/a.png' });
    expect(record.user).toEqual({ namespace: 'main', id: 'alice', name: 'Alice B.' });
    expect(Object.isFrozen(record.user)).toBe(true);
  });

  it('makes a guest known, who then stays', () => {
    const directory = new Directory(10);
    const record = directory.meet('main', profile('zoe'), false);
    directory.put('main', profile('zoe', 'Zoe'));
    directory.release(record);
    expect([directory.size, directory.guests]).toEqual([1, 0]);
  });

  it('is made of the id alone where there is none', () => {
    expect(new Directory(1).userOf('main', 'nobody')).toEqual({
      namespace: 'main',
      id: 'nobody',
      name: 'nobody',
    });
  });
});

it('two users with one id in two namespaces are strangers', () => {
  const directory = new Directory(10);
  const one = directory.put('main', profile('alice'));
  const other = directory.put('other', profile('alice'));
  expect(one).not.toBe(other);
  expect(directory.find('third', 'alice')).toBeUndefined();
});

it.each(['__proto__', 'constructor', 'toString'])('%s is an id like any other', (id) => {
  const directory = new Directory(10);
  expect(directory.find(id, id)).toBeUndefined();
  directory.put(id, profile(id));
  expect(directory.find(id, id)?.user.id).toBe(id);
});

it('a guest who is a member of something stays', () => {
  const directory = new Directory(10);
  const record = directory.meet('main', profile('zoe'), false);
  record.setMembership({} as GroupRecord, true);
  directory.release(record);
  expect(directory.size).toBe(1);
});
