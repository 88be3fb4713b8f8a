import { describe, expect, it } from 'vitest';
import { dialects } from '../../adapters/index.ts';
import { toyDialect } from '../../test/fixtures/toy/index.ts';
import {
  addedLosses,
  dialectLosses,
  gradeOf,
  importantLosses,
  type LossTable,
  lossesIn,
  pairLosses,
} from './losses.ts';
import { countGrades, rowText } from './losses-words.ts';
import { fakeDialect, type Tamper } from './test-kit.ts';

const honest = fakeDialect('honest');

const rowOf = (table: LossTable, name: string) => {
  const row = table.rows.find((each) => each.name === name);
  if (row === undefined) throw new Error(`no row ${name}`);
  return row;
};
const cellsOf = (table: LossTable, name: string) =>
  Object.fromEntries(lossesIn(rowOf(table, name)).map(({ path, fate }) => [path, fate]));

/** Drops the reply of every message, shouts, forgets half a second, and knows no read marks. */
const careless: Tamper = (value) => {
  if (value.type === 'mark_read') return undefined;
  if (value.type === 'member_left') return { ...value, at: value.at - (value.at % 1000) };
  if (value.type === 'send_message') {
    const { replyTo: _replyTo, ...rest } = value;
    return { ...rest, content: value.content.toUpperCase() };
  }
  if (value.type === 'join_group') return { type: 'subscribe', target: { type: 'group', id: value.group } };
  return value;
};

describe('a dialect that says everything', () => {
  it('loses nothing', () => {
    const { rows } = dialectLosses({ dialect: honest });
    expect(rows.flatMap((row) => lossesIn(row).map(({ path }) => `${row.name} ${path}`))).toEqual([
      // It learns who it is from its own login, which no connection caused.
      'authenticated origin',
    ]);
    expect(new Set(rows.map(({ manner }) => manner))).toEqual(new Set(['frame']));
  });

  it('adds nothing to a pair', () => {
    const own = dialectLosses({ dialect: toyDialect });
    const none = dialectLosses({ dialect: honest });
    expect(addedLosses(pairLosses({ dialect: toyDialect }, { dialect: honest }), [own, none])).toEqual([]);
    expect(addedLosses(pairLosses({ dialect: honest }, { dialect: toyDialect }), [none, own])).toEqual([]);
  });
});

describe('a dialect that loses on purpose', () => {
  const lossy = fakeDialect('lossy', careless, { send_message: ['onlineOnly'], group_invited: ['group'] });
  const table = dialectLosses({ dialect: lossy });

  it('is caught at every field that it changes or drops, and at no other', () => {
    expect(cellsOf(table, 'send_message: text to a user')).toEqual({
      content: 'changed',
      replyTo: 'lost',
      // Only declared: it did arrive.
      onlineOnly: 'lost',
    });
    expect(cellsOf(table, 'member_left')).toEqual({ at: 'changed' });
    expect(cellsOf(table, 'member_joined')).toEqual({});
    expect(rowOf(table, 'send_message: text to a user').fates).toMatchObject({
      'target.id': 'kept',
      clientId: 'kept',
    });
  });

  it('is caught where it says nothing at all', () => {
    expect(rowOf(table, 'mark_read: of a user')).toMatchObject({ manner: 'nothing', fates: { '*': 'lost' } });
  });

  it('is believed about whole parts that it calls lost', () => {
    const paths = Object.keys(cellsOf(table, 'group_invited'));
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.every((path) => path.startsWith('group.'))).toBe(true);
    expect(rowText(rowOf(table, 'group_invited'))).toBe('without group');
  });

  it('is told where it says another thing instead', () => {
    const row = rowOf(table, 'join_group: the lobby');
    expect(row.arrivesAs).toBe('subscribe');
    expect(cellsOf(table, 'join_group: the lobby')).toEqual({
      type: 'changed',
      exclusive: 'lost',
      claimedSender: 'lost',
    });
    expect(rowText(row)).toBe('arrives as subscribe; without exclusive');
  });

  it('loses for its partner, in either place', () => {
    for (const [client, upstream] of [
      [lossy, honest],
      [honest, lossy],
    ] as const) {
      const pair = pairLosses({ dialect: client }, { dialect: upstream });
      expect(cellsOf(pair, 'member_left')).toEqual({ at: 'changed' });
      expect(gradeOf(rowOf(pair, 'mark_read: of a user'))).toBe('nothing');
    }
  });

  it('shows in a pair what only the second wire can not say of the first', () => {
    const narrow = fakeDialect('narrow', (value) => (value.type === 'subscribe' ? undefined : value));
    const pair = pairLosses({ dialect: lossy }, { dialect: narrow });
    const added = addedLosses(pair, [table, dialectLosses({ dialect: narrow })]);
    expect(added.map(({ name, fates }) => [name, fates])).toEqual([
      ['join_group: the lobby', { '*': 'lost' }],
      ['join_group: another group', { '*': 'lost' }],
    ]);
  });
});

describe('the dialects that there are', () => {
  it.each([...dialects, toyDialect].map((dialect) => [dialect.id, dialect] as const))(
    '%s gives the same table twice',
    (_id, dialect) => {
      expect(dialectLosses({ dialect })).toEqual(dialectLosses({ dialect }));
      expect(pairLosses({ dialect }, { dialect: toyDialect })).toEqual(
        pairLosses({ dialect }, { dialect: toyDialect }),
      );
    },
  );

  const of = (id: string) => {
    const dialect = dialects.find((each) => each.id === id);
    if (dialect === undefined) throw new Error(`no ${id}`);
    return dialect;
  };

  it('lose what their sources force them to lose', () => {
    const room = dialectLosses({ dialect: of('room') });
    expect(gradeOf(rowOf(room, 'send_message: text to a user'))).toBe('nothing');
    expect(gradeOf(rowOf(room, 'message: text to the user'))).toBe('nothing');
    expect(gradeOf(rowOf(room, 'message: text to the lobby'))).toBe('partly');
    const ourchat = dialectLosses({ dialect: of('ourchat') });
    expect(cellsOf(ourchat, 'message: text to the lobby')).toMatchObject({
      'message.clientId': 'lost',
      'message.sentAt': 'changed',
    });
    expect(gradeOf(rowOf(ourchat, 'message: text to another group'))).toBe('nothing');
    const stomp = dialectLosses({ dialect: of('stomp') });
    expect(gradeOf(rowOf(stomp, 'user_list'))).toBe('nothing');
  });

  it('keep text to the lobby readable in every pair', () => {
    for (const client of dialects) {
      for (const upstream of dialects) {
        const pair = pairLosses({ dialect: client }, { dialect: upstream });
        for (const name of ['send_message: text to the lobby', 'message: text to the lobby']) {
          const row = rowOf(pair, name);
          expect([client.id, upstream.id, name, row.manner]).toEqual([client.id, upstream.id, name, 'frame']);
          const content = row.direction === 'to-server' ? 'content' : 'message.content';
          expect(row.fates[content]).toBe('kept');
        }
      }
    }
  });

  it('say more where their options map more', () => {
    const options = {
      destinations: [
        { pattern: '/topic/{name}', kind: 'topic' },
        { pattern: '/queue/{name}', kind: 'queue' },
      ],
    };
    const broker = dialectLosses({ dialect: of('stomp'), options });
    for (const name of ['subscribe: a topic', 'unsubscribe: a topic', 'relay: to a topic']) {
      expect([name, rowOf(broker, name).manner]).toEqual([name, 'frame']);
    }
    expect(importantLosses(rowOf(broker, 'relayed: bytes to a queue')).map(({ path }) => path)).not.toContain(
      'body',
    );
  });

  it('are counted in full', () => {
    const table = dialectLosses({ dialect: of('json') });
    const { whole, partly, nothing } = countGrades(table, 'to-server');
    expect(whole + partly + nothing).toBe(
      table.rows.filter(({ direction }) => direction === 'to-server').length,
    );
  });
});
