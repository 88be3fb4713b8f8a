/** The store in memory at its limit: what goes, what stays, and what is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../schemas/model.ts';
import type { MemoryMessageStore } from './memory.ts';
import { commit, confirm, contents, MANY, MEMORY, missed, open, ROOMY, send } from './memory-test-kit.ts';
import type { MessageDraft, QueueEntry, StoreOperation } from './port.ts';
import { answer, append, by, DAY, draft, START, toGroup } from './store-suite.ts';

const find = (store: MemoryMessageStore, id: string, author: string) =>
  answer<Message | undefined>((done) => store.find({ namespace: 'main', id, author }, done));

const history = (store: MemoryMessageStore, conversation: string, limit: number) =>
  answer<readonly Message[]>((done) => store.history({ namespace: 'main', conversation, limit }, done));

const enroll = (store: MemoryMessageStore, ...users: string[]) =>
  answer<void>((done) => store.enroll('main', 'group:lobby', users, done));

describe('where nobody waits', () => {
  it('lets go of the oldest, and holds no more than it may', async () => {
    const store = open();
    const first = await send(store, { ...toGroup('lobby'), clientId: 'c-0' });
    let most = 0;
    for (let index = 1; index < MANY; index += 1) {
      await send(store, { ...toGroup('lobby'), clientId: `c-${index}` });
      most = Math.max(most, store.usage().bytes);
    }
    const { bytes, messages, forgotten } = store.usage();
    expect(most).toBeLessThanOrEqual(MEMORY);
    expect(bytes).toBeGreaterThan(MEMORY / 2);
    expect(messages + forgotten).toBe(MANY);
    expect(store.health().ok).toBe(true);
    expect(await find(store, first.id, 'alice')).toBeUndefined();
    expect(await find(store, 'c-0', 'alice')).toBeUndefined();
    const shown = await history(store, 'group:lobby', MANY);
    expect(shown.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: messages }, (_, index) => MANY - messages + index + 1),
    );
    // What is still there is known by its id, and what went is not.
    const newest = { ...toGroup('lobby'), content: shown.at(-1)?.content ?? '', clientId: `c-${MANY - 1}` };
    expect(await commit(store, append(newest))).toMatchObject([{ duplicate: true }]);
    expect(await commit(store, append({ ...newest, clientId: 'c-0' }))).toMatchObject([{ duplicate: false }]);
  });

  it('remembers client ids in any order, as long as their messages are there', async () => {
    const store = open();
    const idOf = (index: number): string => `${(index * 7919) % MANY}-${index % 3}`;
    for (let index = 0; index < MANY; index += 1)
      await send(store, { ...toGroup('lobby'), clientId: idOf(index), content: 'x' });
    const { messages } = store.usage();
    const again = async (index: number): Promise<boolean> => {
      const [result] = await commit(
        store,
        append({ ...toGroup('lobby'), clientId: idOf(index), content: 'x' }),
      );
      return result?.kind === 'append' && result.duplicate;
    };
    expect(await again(MANY - 1)).toBe(true);
    expect(await again(MANY - messages)).toBe(true);
    expect(await again(MANY - messages - 1)).toBe(false);
  });

  it('goes on counting above what it has forgotten, so that a late confirmation is not taken for what comes', async () => {
    const store = open();
    const before = await send(store);
    await confirm(store, 'bob', before);
    for (let index = 0; index < MANY; index += 1) await send(store, toGroup('lobby'));
    const after = await send(store, { content: 'after' });
    expect(after.sequence).toBeGreaterThan(before.sequence);
    await confirm(store, 'bob', before);
    expect(contents(await missed(store, 'bob'))).toEqual(['after']);
  });

  it('takes messages larger than its segments, of any text', async () => {
    const store = open();
    const texts = ['ä'.repeat(50_000), '😀'.repeat(30_000), 'x'.repeat(200_000), 'é', '漢字'.repeat(5000)];
    for (const content of texts) await send(store, { content });
    expect(contents(await missed(store, 'bob'))).toEqual(texts);
    for (const message of await missed(store, 'bob')) await confirm(store, 'bob', message);
    for (let index = 0; index < 40; index += 1)
      await send(store, { ...toGroup('g'), content: 'y'.repeat(100_000) });
    expect(store.health().ok).toBe(true);
  });
});

describe('where somebody waits', () => {
  it('keeps what a few wait for, whatever goes around it', async () => {
    const store = open();
    const kept: Message[] = [];
    for (let index = 0; index < MANY; index += 1) {
      const target = index % 400 === 0 ? {} : toGroup('lobby');
      const message = await send(store, { ...target, clientId: `c-${index}` });
      if (index % 400 === 0) kept.push(message);
    }
    expect(store.usage().forgotten).toBeGreaterThan(0);
    expect(await missed(store, 'bob')).toEqual(kept);
    const [first, second] = kept as [Message, Message];
    // It is still found, known by its client id, and may be revoked.
    expect(await find(store, first.id, 'bob')).toEqual(first);
    expect(await find(store, 'c-0', 'alice')).toEqual(first);
    expect(await commit(store, append({ clientId: 'c-0', content: first.content }))).toMatchObject([
      { duplicate: true, message: first },
    ]);
    await commit(store, { kind: 'revoke', namespace: 'main', message: second.id, author: 'alice' });
    expect(await missed(store, 'bob')).toEqual(kept.filter((message) => message !== second));
    for (const message of kept) await confirm(store, 'bob', message);
    expect(await missed(store, 'bob')).toEqual([]);
    expect(await find(store, first.id, 'bob')).toBeUndefined();
  });

  it('refuses more when all that it holds is waited for, and goes on when it is not', async () => {
    const store = open();
    const kept: Message[] = [];
    const refused = await (async () => {
      for (;;) {
        try {
          kept.push(await send(store));
        } catch (error) {
          return error;
        }
      }
    })();
    expect(refused).toMatchObject({ code: 'store_unavailable', detail: expect.stringContaining('full') });
    expect(store.usage().bytes).toBeLessThan(MEMORY * 1.01);
    expect(store.health()).toMatchObject({ ok: false, error: expect.stringContaining('limits.memory') });
    await expect(send(store, toGroup('lobby'))).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await missed(store, 'bob')).toEqual(kept);
    for (const message of kept.slice(0, kept.length / 2)) await confirm(store, 'bob', message);
    await expect.poll(() => store.health().ok).toBe(true);
    kept.push(await send(store));
    expect(contents(await missed(store, 'bob'))).toEqual(contents(kept.slice((kept.length - 1) / 2)));
  });

  it("keeps a group's messages for the member who is away, and lets go of them when the member leaves", async () => {
    const store = open();
    await enroll(store, 'bob', 'carol');
    let count = 0;
    for (; store.health().ok; count += 1) {
      const message = await send(store, toGroup('lobby')).catch(() => undefined);
      if (message !== undefined) await confirm(store, 'carol', message);
    }
    expect((await missed(store, 'bob')).length).toBeGreaterThanOrEqual(count - 1);
    await answer<void>((done) => store.withdraw('main', 'group:lobby', ['bob'], done));
    for (let index = 0; index < 500; index += 1) await answer<void>((done) => store.confirm([], done));
    const message = await send(store, toGroup('lobby'));
    expect(contents(await missed(store, 'carol'))).toContain(message.content);
  });

  it('counts what waits in queues, and refuses there too', async () => {
    const store = open();
    const entry = (id: number): QueueEntry => ({
      id: `q-${String(id).padStart(9, '0')}`,
      namespace: 'main',
      queue: 'work',
      name: 'job',
      headers: [['a', 'b']],
      body: 'x'.repeat(10_000),
      from: undefined,
      at: START,
    });
    const before = store.usage().bytes;
    let id = 0;
    await expect(
      (async () => {
        for (;;) await commit(store, { kind: 'enqueue', entry: entry(id++) });
      })(),
    ).rejects.toMatchObject({ code: 'store_unavailable' });
    for (let done = 0; done < id; done += 1)
      await answer<void>((taken) => store.dequeue('main', 'work', entry(done).id, taken));
    expect(store.usage().bytes).toBe(before);
  });
});

it('takes no memory for commits that are refused', async () => {
  const store = open();
  await send(store, toGroup('lobby'));
  const { bytes } = store.usage();
  const fail: StoreOperation = { kind: 'revoke', namespace: 'main', message: 'none', author: 'alice' };
  const large = 'y'.repeat(60_000);
  for (let index = 0; index < 600; index += 1) {
    const profile = { namespace: 'main', id: 'alice', name: `Alice ${index}` };
    const refused = commit(
      store,
      append({ content: 'x'.repeat(5000), from: profile, contentType: `type-${index}` }),
      append({ content: large, clientId: `c-${index}` }),
      append({ content: 'x'.repeat(20_000), ...toGroup('other') }),
      fail,
    );
    await expect(refused).rejects.toMatchObject({ code: 'message_unknown' });
  }
  expect(store.usage().bytes).toBeLessThan(bytes + 200_000);
  expect(await missed(store, 'bob')).toEqual([]);
});

it('forgets by age what was set aside, and gives its room back', async () => {
  let now = START;
  const store = open(MEMORY, ROOMY, () => now);
  const first = await send(store);
  for (let index = 0; index < MANY; index += 1) await send(store, toGroup('lobby'));
  expect(await missed(store, 'bob')).toEqual([first]);
  now += 31 * DAY;
  for (let index = 0; index < 200; index += 1) await answer<void>((done) => store.confirm([], done));
  expect(await missed(store, 'bob')).toEqual([]);
  expect(store.stats()).toEqual({ messages: 0, remembered: 0, conversations: 0, users: 0, queues: 0 });
});

const USERS = ['alice', 'bob', 'carol', 'dave'] as const;
const GROUPS = ['lobby', 'desk'] as const;

interface Step {
  readonly kind: 'direct' | 'group' | 'confirm' | 'confirm_all' | 'revoke' | 'twice' | 'refused';
  readonly who: number;
  readonly whom: number;
  readonly times: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Step['kind'][]>(
    'direct',
    'direct',
    'group',
    'group',
    'confirm',
    'confirm_all',
    'confirm_all',
    'revoke',
    'twice',
    'refused',
  ),
  who: fc.nat(USERS.length - 1),
  whom: fc.nat(USERS.length - 1),
  times: fc.integer({ min: 1, max: 400 }),
});

it('never differs from a store without bound in what users have still to get', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const bounded = open(1024 * 1024);
      const whole = open(Number.POSITIVE_INFINITY);
      const both = [bounded, whole] as const;
      for (const store of both) {
        for (const group of GROUPS)
          await answer<void>((done) => store.enroll('main', `group:${group}`, ['bob', 'carol'], done));
      }
      let made = 0;
      let twice: MessageDraft | undefined;
      /** Both take it or none does: the bounded one may refuse for want of room. */
      const say = async (item: MessageDraft): Promise<void> => {
        try {
          await commit(bounded, { kind: 'append', draft: item });
        } catch (error) {
          expect(error).toMatchObject({ code: 'store_unavailable' });
          return;
        }
        await commit(whole, { kind: 'append', draft: item });
        twice = item;
      };
      for (const { kind, who, whom, times } of steps) {
        const author = USERS[who] as string;
        const other = USERS[whom] as string;
        for (let time = 0; time < times; time += 1) {
          const sent = draft({
            ...by(author),
            clientId: time % 5 === 0 ? `x${(made * 31) % 1009}-${made}` : `c-${made}`,
            content: `${made} ${'z'.repeat(made % 300)}`,
            ...(kind === 'group'
              ? toGroup(GROUPS[whom % 2] as string)
              : { to: { type: 'user', id: other } as const }),
          });
          made += 1;
          if (kind === 'direct' || kind === 'group') await say(sent);
          else break;
        }
        if (kind === 'twice' && twice !== undefined) {
          for (const store of both)
            expect(
              await commit(store, { kind: 'append', draft: { ...twice, id: `again-${made}` } }),
            ).toMatchObject([{ duplicate: true, message: { content: twice.content } }]);
        }
        if (kind === 'refused') {
          for (const store of both)
            await expect(
              commit(store, append(by(author)), append({ ...by(other), ...toGroup('lobby') }), {
                kind: 'revoke',
                namespace: 'main',
                message: 'none',
                author,
              }),
            ).rejects.toThrow();
        }
        if (kind === 'confirm' || kind === 'confirm_all' || kind === 'revoke') {
          const [ofBounded, ofWhole] = await Promise.all(both.map((store) => missed(store, author)));
          expect(contents(ofBounded ?? [])).toEqual(contents(ofWhole ?? []));
          for (const [store, messages] of [
            [bounded, ofBounded ?? []],
            [whole, ofWhole ?? []],
          ] as const) {
            const some =
              kind === 'confirm_all'
                ? messages
                : messages.filter((_, index) => index % (2 + (times % 5)) === 0).slice(0, 100);
            for (const message of some) {
              if (kind !== 'revoke') await confirm(store, author, message);
              else {
                const step = { kind: 'revoke', namespace: 'main', message: message.id } as const;
                await commit(store, { ...step, author: message.from.id });
              }
            }
          }
        }
      }
      for (const user of USERS) {
        const [ofBounded, ofWhole] = await Promise.all(both.map((store) => missed(store, user)));
        expect(contents(ofBounded ?? [])).toEqual(contents(ofWhole ?? []));
      }
    }),
    { numRuns: 25 },
  );
});
