/** What stores do when the wall clock jumps: what is kept goes by the time at which it was said. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Message } from '../../schemas/model.ts';
import { MemoryMessageStore } from './memory.ts';
import { MemoryIdentityMap } from './memory-identity.ts';
import type { MessageStore, StoreLimits, StoreResult } from './port.ts';
import { openSqliteStore } from './sqlite.ts';
import { answer, append, DAY, LIMITS, START, type StoreUnderTest, toGroup } from './store-suite.ts';

const root = mkdtempSync(join(tmpdir(), 'dragoman-clock-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Options {
  readonly limits: StoreLimits;
  readonly now: () => number;
}

let directories = 0;
const STORES: readonly (readonly [name: string, open: (options: Options) => Promise<StoreUnderTest>])[] = [
  [
    'the store in memory',
    async (options) => {
      const messages = new MemoryMessageStore(options);
      return { messages, identities: new MemoryIdentityMap(), close: () => messages.close() };
    },
  ],
  [
    'the store in SQLite',
    (options) => openSqliteStore({ directory: join(root, `${++directories}`), ...options }),
  ],
];

describe.each(STORES)('%s', (_name, open) => {
  let now: number;
  let under: StoreUnderTest;
  let store: MessageStore;
  beforeEach(async () => {
    now = START;
    under = await open({ limits: LIMITS, now: () => now });
    store = under.messages;
  });
  afterEach(() => under.close());

  const say = async (content: string, clientId = content): Promise<Message> => {
    const fields = { ...toGroup('lobby'), content, clientId, sentAt: now };
    const [result] = await answer<readonly StoreResult[]>((done) => store.commit([append(fields)], done));
    if (result?.kind !== 'append') throw new Error('not appended');
    return result.message;
  };
  const history = async (): Promise<readonly string[]> => {
    const query = { namespace: 'main', conversation: 'group:lobby', before: undefined, limit: 100 };
    return (await answer<readonly Message[]>((done) => store.history(query, done))).map(
      ({ content }) => content,
    );
  };

  it('keeps everything when the clock jumps back, and goes on counting', async () => {
    await say('before');
    now -= 365 * DAY;
    expect((await say('after')).sequence).toBe(2);
    expect(await history()).toEqual(['before', 'after']);
    // Still the same message.
    expect((await say('before')).sequence).toBe(1);
  });

  it('takes new messages when a jump forwards has made everything old, and when the clock is right again', async () => {
    await say('old');
    now += LIMITS.retentionMs + DAY;
    await say('ahead');
    expect(await history()).toEqual(['ahead']);
    now -= LIMITS.retentionMs + DAY;
    await say('right again');
    expect(await history()).toEqual(['ahead', 'right again']);
  });

  it('has what is not too old when the clock was ahead for a while', async () => {
    await say('on time');
    now += LIMITS.retentionMs / 2;
    await say('ahead');
    now -= LIMITS.retentionMs / 2;
    expect((await say('on time again')).sequence).toBe(3);
    expect(await history()).toEqual(['on time', 'ahead', 'on time again']);
    // By the right clock the first and the last are too old, and what was said ahead of its time is not.
    now += LIMITS.retentionMs;
    expect(await history()).toEqual(['ahead']);
    now += LIMITS.retentionMs / 2;
    await say('later');
    expect(await history()).toEqual(['later']);
  });

  it('knows a message that comes again, whichever way the clock has jumped within the window', async () => {
    await say('once');
    for (const ms of [LIMITS.deduplicationMs - 1, -2 * LIMITS.deduplicationMs]) {
      now += ms;
      expect((await say('once')).sequence).toBe(1);
    }
  });
});
