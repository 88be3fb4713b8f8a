import { expect, it } from 'vitest';
import type { EventOf } from '../schemas/event.ts';
import type { Connection } from './connection.ts';
import { Directory } from './directory.ts';
import { connectedUser } from './endpoint.ts';
import { Groups, userKey } from './groups.ts';
import { Rosters } from './roster.ts';
import { connect } from './test-kit.ts';
import { TimerWheel } from './timer-wheel.ts';

type Roster = EventOf<'user_list'>;

/** A lobby of so many members, and an endpoint that pushes its list. */
function fixture(members: number) {
  let now = 0;
  const wheel = new TimerWheel(10, () => now);
  const directory = new Directory(0);
  const groups = new Groups();
  const record = groups.add({
    namespace: 'main',
    id: 'lobby',
    name: '',
    description: '',
    open: true,
    createdAt: 0,
  });
  for (let index = 0; index < members; index++) {
    const { user } = directory.put('main', { id: `u${index}`, name: `u${index}` });
    record.members.set(userKey(user), user);
  }
  const { endpoint } = connect({ policy: { roster: { group: 'lobby', intervalMs: 500 } } });
  const rosters = new Rosters({ serving: [endpoint], groups, directory, wheel });
  const told: { readonly who: string; readonly list: Roster; readonly at: number }[] = [];
  const open = new Map<string, Connection>();
  return {
    told,
    /** The lists that were made and said to anybody. */
    lists: () => new Set(told.map(({ list }) => list)),
    come: (index: number): void => {
      const id = `u${index}`;
      const user = directory.find('main', id);
      if (user === undefined) throw new Error(`no ${id}`);
      const connection = {
        endpoint,
        user: connectedUser(user.user),
        isEnding: false,
        roster: undefined,
        deliveries: { offer: (list: Roster) => told.push({ who: id, list, at: now }) },
      } as unknown as Connection;
      open.set(id, connection);
      user.connections.add(connection);
      endpoint.connections.add(connection);
      rosters.changed(record);
      rosters.welcome(connection);
    },
    go: (index: number): void => {
      const connection = open.get(`u${index}`) as Connection;
      directory.find('main', `u${index}`)?.connections.delete(connection);
      endpoint.connections.delete(connection);
      rosters.changed(record);
    },
    wait: (ms: number): void => {
      for (const end = now + ms; now < end; ) {
        now += 10;
        wheel.turn();
      }
    },
  };
}

const online = ({ online }: Roster): readonly string[] => online.map(({ id }) => id);

it('is said at once to whoever comes when nobody else does', () => {
  const { come, wait, told } = fixture(1000);
  come(0);
  expect(told.map(({ who, at, list }) => [who, at, online(list)])).toEqual([['u0', 0, ['u0']]]);
  wait(1000);
  come(1);
  expect(told.at(-1)).toMatchObject({ who: 'u1', at: 1000 });
});

it('is one list for all who come while the last one has hardly been made, themselves included', () => {
  const { come, wait, told, lists } = fixture(1000);
  for (let index = 0; index < 200; index++) come(index);
  expect(told).toHaveLength(1);
  // The first push to all is due at once.
  wait(50);
  expect(lists().size).toBe(2);
  for (const who of ['u0', 'u1', 'u199']) {
    const last = told.findLast((one) => one.who === who);
    expect(last?.list.online).toHaveLength(200);
  }
});

it.each([100, 400, 1600])(
  'costs a storm of %i arrivals, one each 10 ms, as many lists as it has time for',
  (members) => {
    const { come, wait, told, lists } = fixture(members);
    for (let index = 0; index < members; index++) {
      come(index);
      wait(10);
    }
    wait(5000);
    const ms = members * 10;
    expect(lists().size).toBeLessThanOrEqual(2 + ms / 500 + ms / Math.max(10, members / 20));
    for (const who of ['u0', `u${members - 1}`]) {
      expect(told.findLast((one) => one.who === who)?.list.online).toHaveLength(members);
    }
  },
);

it('is pushed to many the rarer the longer it is', () => {
  const { come, wait, told } = fixture(4000);
  for (let index = 0; index < 1000; index++) come(index);
  wait(2500);
  const before = told.length;
  come(1000);
  come(1001);
  // 4000 names for 1000 connections: 2 s apart.
  wait(10_000);
  expect(told.slice(before).filter(({ who }) => who === 'u0')).toHaveLength(1);
});

it('is not said again to whoever has an equal one', () => {
  const { come, go, wait, told } = fixture(10);
  come(0);
  wait(1000);
  const before = told.length;
  come(1);
  go(1);
  wait(2000);
  expect(told.slice(before).filter(({ who }) => who === 'u0')).toEqual([]);
});
