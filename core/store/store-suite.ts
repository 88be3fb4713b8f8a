/** One suite for every implementation of the ports to durable state. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { conversationKey } from '../../schemas/conversation.ts';
import { type Message, Message as MessageSchema } from '../../schemas/model.ts';
import type {
  IdentityMap,
  MessageDraft,
  MessageStore,
  MissedPage,
  MissedQuery,
  QueueEntry,
  StoreCallback,
  StoreLimits,
  StoreOperation,
  StoreResult,
} from './port.ts';
import { MAX_RANGES } from './received.ts';
import { fingerprint } from './rules.ts';

export interface StoreUnderTest {
  readonly messages: MessageStore;
  readonly identities: IdentityMap;
  close(): Promise<void>;
}

export const DAY = 86_400_000;
export const START = 1_765_679_400_000;

export const LIMITS: StoreLimits = {
  backlogMessages: 5,
  backlogBytes: 100,
  retentionMs: 30 * DAY,
  deduplicationMs: 30 * DAY,
  queueEntries: 3,
  queueNames: 3,
};

/** The value of an answer; rejects with its error. */
export function answer<Value>(call: (done: StoreCallback<Value>) => void): Promise<Value> {
  return new Promise((resolve, reject) => {
    call((outcome) => (outcome.ok ? resolve(outcome.value) : reject(outcome.error)));
  });
}

let ids = 0;

export function draft(fields: Partial<MessageDraft> = {}): MessageDraft {
  ids += 1;
  return {
    id: `m-${String(ids).padStart(6, '0')}`,
    namespace: 'main',
    from: { namespace: 'main', id: 'alice', name: 'Alice' },
    to: { type: 'user', id: 'bob' },
    content: `text ${ids}`,
    contentType: 'text',
    sentAt: START,
    ...fields,
  };
}

export const by = (id: string) => ({ from: { namespace: 'main', id, name: id } });
export const toGroup = (id: string) => ({ to: { type: 'group', id } as const });
export const append = (fields: Partial<MessageDraft> = {}): StoreOperation => ({
  kind: 'append',
  draft: draft(fields),
});

const DIRECT = conversationKey({ type: 'user', id: 'bob' }, 'alice');
const GROUP = 'group:lobby';

function entry(id: string, fields: Partial<QueueEntry> = {}): QueueEntry {
  const from = { namespace: 'main', id: 'alice', name: 'Alice' };
  return {
    id,
    namespace: 'main',
    queue: 'work',
    name: 'job',
    headers: [],
    body: id,
    from,
    at: START,
    ...fields,
  };
}

/** Runs the suite; `open` gives a fresh, empty store. */
export function storeSuite(
  name: string,
  open: (options: { readonly limits: StoreLimits; readonly now: () => number }) => Promise<StoreUnderTest>,
): void {
  describe(name, () => {
    let now = START;
    let under: StoreUnderTest;
    let store: MessageStore;

    const use = async (limits: Partial<StoreLimits> = {}): Promise<void> => {
      await under?.close();
      under = await open({ limits: { ...LIMITS, ...limits }, now: () => now });
      store = under.messages;
    };
    beforeEach(async () => {
      now = START;
      under = await open({ limits: LIMITS, now: () => now });
      store = under.messages;
    });
    afterEach(() => under.close());

    const commit = (...operations: StoreOperation[]): Promise<readonly StoreResult[]> =>
      answer((done) => store.commit(operations, done));
    const send = async (fields: Partial<MessageDraft> = {}): Promise<Message> => {
      const [result] = await commit(append(fields));
      if (result?.kind !== 'append') throw new Error('not appended');
      return result.message;
    };
    const missed = async (user: string, query: Partial<MissedQuery> = {}): Promise<readonly string[]> => {
      const page = await answer<MissedPage>((done) =>
        store.missed({ namespace: 'main', user, limit: 1000, ...query }, done),
      );
      return page.messages.map((message) => message.content);
    };
    const confirm = (user: string, conversation: string, ...spans: readonly (readonly [number, number])[]) =>
      answer<void>((done) =>
        store.confirm(
          spans.map(([from, to]) => ({ namespace: 'main', user, conversation, from, to })),
          done,
        ),
      );
    const history = async (
      conversation: string,
      limit = 100,
      before?: number,
    ): Promise<readonly string[]> => {
      const found = await answer<readonly Message[]>((done) =>
        store.history({ namespace: 'main', conversation, before, limit }, done),
      );
      return found.map((message) => message.content);
    };
    const enroll = (...users: string[]) => answer<void>((done) => store.enroll('main', GROUP, users, done));
    const withdraw = (conversation: string, ...users: string[]) =>
      answer<void>((done) => store.withdraw('main', conversation, users, done));
    const find = (id: string, author: string, target?: Message['to']) =>
      answer<Message | undefined>((done) => store.find({ namespace: 'main', id, author, target }, done));
    const revoke = (message: string, author = 'alice') =>
      commit({ kind: 'revoke', namespace: 'main', message, author });
    const queued = async (after?: string, limit = 100): Promise<readonly QueueEntry[]> =>
      answer((done) => store.queued({ namespace: 'main', queue: 'work', after, limit }, done));

    describe('answers', () => {
      it('come after the call has returned, in the order of the calls', async () => {
        const order: string[] = [];
        const last = Promise.withResolvers<void>();
        store.commit([append()], () => order.push('commit'));
        store.missed({ namespace: 'main', user: 'bob', limit: 9 }, () => order.push('missed'));
        store.commit([{ kind: 'revoke', namespace: 'main', message: 'none', author: 'alice' }], () =>
          order.push('refused'),
        );
        store.confirm([], () => order.push('confirm'));
        store.history({ namespace: 'main', conversation: DIRECT, limit: 9 }, () => {
          order.push('history');
          last.resolve();
        });
        expect(order).toEqual([]);
        await last.promise;
        expect(order).toEqual(['commit', 'missed', 'refused', 'confirm', 'history']);
      });

      it('are all given before close resolves', async () => {
        let answered = 0;
        for (let index = 0; index < 20; index += 1)
          store.enroll('main', GROUP, ['bob'], () => (answered += 1));
        await under.close();
        expect(answered).toBe(20);
        under = await open({ limits: LIMITS, now: () => now });
      });

      it('reads see the writes that were called before them', async () => {
        const written = commit(append({ content: 'a' }));
        expect(await history(DIRECT)).toEqual(['a']);
        await written;
      });
    });

    describe('append', () => {
      it('counts from 1 in each conversation, whoever writes', async () => {
        expect((await send()).sequence).toBe(1);
        expect((await send({ ...by('bob'), to: { type: 'user', id: 'alice' } })).sequence).toBe(2);
        expect((await send(toGroup('lobby'))).sequence).toBe(1);
        expect((await send({ namespace: 'other' })).sequence).toBe(1);
      });

      it('gives back every field as it was', async () => {
        const whole = draft({
          clientId: 'c\u0000-1',
          content: 'a\u0000b\r\n"\\ \u{1f600} \u202e __proto__ ',
          replyTo: 'm-0',
          attachment: { url: 'https://example.org/x', size: 3 },
          extensions: { toy: JSON.parse('{"__proto__":1,"deep":[{"n":9007199254740991}]}') },
        });
        // A field that the model gets has to be kept too.
        expect(Object.keys({ ...whole, sequence: 1 }).sort()).toEqual(
          Object.keys(MessageSchema.unwrap().shape).sort(),
        );
        await commit({ kind: 'append', draft: whole });
        const [found] = await answer<readonly Message[]>((done) =>
          store.history({ namespace: 'main', conversation: DIRECT, limit: 1 }, done),
        );
        expect(JSON.stringify(Object.entries(found ?? {}).sort())).toBe(
          JSON.stringify(Object.entries({ ...whole, sequence: 1 }).sort()),
        );
      });

      it('keeps ids with NUL apart', async () => {
        await send({ to: { type: 'user', id: 'a\u0000b' }, content: 'first' });
        await send({ to: { type: 'user', id: 'a\u0000c' }, content: 'second' });
        await send({ to: { type: 'user', id: 'a' }, content: 'third' });
        expect(await missed('a\u0000b')).toEqual(['first']);
        expect(await missed('a')).toEqual(['third']);
      });
    });

    describe('de-duplication', () => {
      it('answers a client id that comes again with the message stored before', async () => {
        const first = await send({ clientId: 'c1', content: 'x' });
        expect(await commit(append({ clientId: 'c1', content: 'x' }))).toEqual([
          { kind: 'append', message: first, duplicate: true },
        ]);
        expect(await history(DIRECT)).toEqual(['x']);
      });

      it.each<[string, Partial<MessageDraft>]>([
        ['content', { content: 'y' }],
        ['target', { to: { type: 'user', id: 'carol' } }],
        ['kind of target', { to: { type: 'group', id: 'bob' } }],
        ['content type', { contentType: 'image' }],
        ['attachment', { attachment: { url: 'u' } }],
      ])('refuses the same client id with another %s', async (_what, change) => {
        await send({ clientId: 'c1', content: 'x' });
        await expect(commit(append({ clientId: 'c1', content: 'x', ...change }))).rejects.toMatchObject({
          code: 'duplicate_conflict',
          messageId: 'c1',
        });
      });

      it('knows a message that was stored otherwise by what its author said', async () => {
        const base = { clientId: 'c-1', content: 'damn' };
        const said = fingerprint(draft(base));
        const masked = (content: string): StoreOperation => ({
          kind: 'append',
          draft: draft({ ...base, content }),
          said,
        });
        const [first] = await commit(masked('****'));
        const message = first?.kind === 'append' ? first.message : undefined;
        expect(message).not.toHaveProperty('said');
        for (const again of [masked('****'), masked('#!@?'), append(base)]) {
          expect(await commit(again)).toEqual([{ kind: 'append', message, duplicate: true }]);
        }
        await expect(commit(append({ ...base, content: '****' }))).rejects.toMatchObject({
          code: 'duplicate_conflict',
        });
        expect(await find('c-1', 'alice')).toEqual(message);
        expect(await missed('bob')).toEqual(['****']);
      });

      it('knows a message that is to be stored otherwise this time', async () => {
        const base = { clientId: 'c-1', content: 'damn' };
        const message = await send(base);
        const masked: StoreOperation = {
          kind: 'append',
          draft: draft({ ...base, content: '****' }),
          said: fingerprint(draft(base)),
        };
        expect(await commit(masked)).toEqual([{ kind: 'append', message, duplicate: true }]);
      });

      it('is per namespace and author', async () => {
        await send({ clientId: 'c1' });
        await send({ clientId: 'c1', ...by('carol') });
        await send({ clientId: 'c1', namespace: 'other' });
        expect(await missed('bob')).toHaveLength(2);
      });

      it('works within one commit', async () => {
        const results = await commit(
          append({ clientId: 'c', content: 'x' }),
          append({ clientId: 'c', content: 'x' }),
        );
        expect(results.map((result) => result.kind === 'append' && result.duplicate)).toEqual([false, true]);
      });

      it('ends with its window', async () => {
        await use({ deduplicationMs: DAY });
        await send({ clientId: 'c1', content: 'x' });
        now += DAY;
        const again = await send({ clientId: 'c1', content: 'y', sentAt: now });
        expect(again.sequence).toBe(2);
        expect((await find('c1', 'alice'))?.content).toBe('y');
      });

      it('outlasts a shorter retention', async () => {
        await use({ retentionMs: DAY });
        const first = await send({ clientId: 'c1', content: 'x' });
        now += 2 * DAY;
        expect(await history(DIRECT)).toEqual([]);
        expect(await missed('bob')).toEqual([]);
        expect(await commit(append({ clientId: 'c1', content: 'x' }))).toMatchObject([
          { message: { id: first.id }, duplicate: true },
        ]);
      });
    });

    describe('a commit', () => {
      it('takes effect whole, in order', async () => {
        const [first, second, third] = await commit(append(toGroup('lobby')), append(toGroup('lobby')), {
          kind: 'enqueue',
          entry: entry('01A'),
        });
        expect([first, second]).toMatchObject([{ message: { sequence: 1 } }, { message: { sequence: 2 } }]);
        expect(third).toEqual({ kind: 'enqueue' });
      });

      it('takes no effect at all when one step is refused', async () => {
        const kept = await send({ clientId: 'c0', content: 'kept' });
        await expect(
          commit(
            append({ clientId: 'c1', content: 'lost' }),
            append({ to: { type: 'user', id: 'dave' } }),
            append(toGroup('lobby')),
            { kind: 'enqueue', entry: entry('01A') },
            { kind: 'revoke', namespace: 'main', message: kept.id, author: 'alice' },
            { kind: 'revoke', namespace: 'main', message: 'none', author: 'alice' },
          ),
        ).rejects.toMatchObject({ code: 'message_unknown' });
        expect(await missed('bob')).toEqual(['kept']);
        expect(await missed('dave')).toEqual([]);
        expect(await queued()).toEqual([]);
        expect(await find('c1', 'alice')).toBeUndefined();
        expect((await send({ clientId: 'c1', content: 'now' })).sequence).toBe(2);
        expect((await send(toGroup('lobby'))).sequence).toBe(1);
        expect(await missed('bob')).toEqual(['kept', 'now']);
      });

      it('that is refused leaves the backlog as it was', async () => {
        const fail: StoreOperation = { kind: 'revoke', namespace: 'main', message: 'none', author: 'alice' };
        for (let index = 0; index < 3; index += 1) {
          await expect(commit(append(), append(), append(), fail)).rejects.toMatchObject({
            code: 'message_unknown',
          });
        }
        for (let index = 0; index < LIMITS.backlogMessages; index += 1) await send();
        await expect(send()).rejects.toMatchObject({ code: 'recipient_queue_full' });
      });

      it('that is refused makes nobody a member who would miss what comes instead', async () => {
        const back = { ...by('bob'), to: { type: 'user', id: 'alice' } as const };
        await commit(append());
        const fail: StoreOperation = { kind: 'revoke', namespace: 'main', message: 'none', author: 'alice' };
        await expect(commit(append(), append(back), fail)).rejects.toMatchObject({ code: 'message_unknown' });
        await commit(append({ ...back, content: 'instead' }));
        expect(await missed('alice')).toEqual(['instead']);
      });

      it('that is refused changes nothing of those asked in the same turn', async () => {
        const fail: StoreOperation = { kind: 'revoke', namespace: 'main', message: 'none', author: 'alice' };
        const asked = await Promise.allSettled([
          commit(append({ content: 'one' })),
          commit(append({ content: 'lost' }), append(toGroup('lobby')), fail),
          commit(append({ content: 'two' })),
          confirm('bob', DIRECT, [1, 1]),
          commit(append({ content: 'lost too' }), fail),
          commit(append({ content: 'three' }), append(toGroup('lobby'))),
        ]);
        expect(asked.map(({ status }) => status === 'fulfilled')).toEqual([
          true,
          false,
          true,
          true,
          false,
          true,
        ]);
        expect(await missed('bob')).toEqual(['two', 'three']);
        expect((await send()).sequence).toBe(4);
        expect((await send(toGroup('lobby'))).sequence).toBe(2);
        // Three wait by now.
        for (let index = 3; index < LIMITS.backlogMessages; index += 1) await send();
        await expect(send()).rejects.toMatchObject({ code: 'recipient_queue_full' });
      });

      it('of nothing succeeds', async () => {
        expect(await commit()).toEqual([]);
      });
    });

    describe('revoke', () => {
      it('takes a message out of replay and history', async () => {
        const message = await send({ content: 'gone' });
        await send({ content: 'stays' });
        expect(await revoke(message.id)).toEqual([{ kind: 'revoke', message }]);
        expect(await missed('bob')).toEqual(['stays']);
        expect(await history(DIRECT)).toEqual(['stays']);
      });

      it('takes the client id of the author, but not of another', async () => {
        await send({ clientId: 'c1' });
        await expect(revoke('c1', 'carol')).rejects.toMatchObject({ code: 'message_unknown' });
        expect(await revoke('c1')).toHaveLength(1);
      });

      it('may be repeated, and frees the backlog once', async () => {
        const message = await send({ content: 'x'.repeat(50) });
        await revoke(message.id);
        await revoke(message.id);
        await send({ content: 'y'.repeat(100) });
        await expect(send({ content: 'z' })).rejects.toMatchObject({ code: 'recipient_queue_full' });
      });

      it('is for the author only', async () => {
        const message = await send();
        await expect(revoke(message.id, 'bob')).rejects.toMatchObject({ code: 'forbidden' });
        await expect(
          commit({ kind: 'revoke', namespace: 'other', message: message.id, author: 'alice' }),
        ).rejects.toMatchObject({ code: 'message_unknown' });
      });
    });

    describe('the backlog of a recipient', () => {
      it('refuses more messages than its limit, from all senders together', async () => {
        for (let index = 0; index < 5; index += 1) await send(by(`sender-${index}`));
        await expect(send(by('one-more'))).rejects.toMatchObject({ code: 'recipient_queue_full' });
        expect(await missed('bob')).toHaveLength(5);
      });

      it('refuses more UTF-8 bytes than its limit', async () => {
        await send({ content: '\u{1f600}'.repeat(25) });
        await expect(send({ content: '' })).resolves.toMatchObject({ sequence: 2 });
        await expect(send({ content: 'x' })).rejects.toMatchObject({ code: 'recipient_queue_full' });
      });

      it('shrinks by what is confirmed, each message once', async () => {
        for (let index = 0; index < 5; index += 1) await send();
        await confirm('bob', DIRECT, [2, 3], [3, 3], [2, 3]);
        await send();
        await send();
        await expect(send()).rejects.toMatchObject({ code: 'recipient_queue_full' });
        await confirm('bob', DIRECT, [1, 99]);
        for (let index = 0; index < 5; index += 1) await send();
        await expect(send()).rejects.toMatchObject({ code: 'recipient_queue_full' });
      });

      it('does not count groups, duplicates or what one writes to oneself', async () => {
        await enroll('bob');
        for (let index = 0; index < 9; index += 1) await send(toGroup('lobby'));
        for (let index = 0; index < 9; index += 1) await send({ ...by('bob') });
        for (let index = 0; index < 9; index += 1) await send({ clientId: 'same', content: 'same' });
        expect(await missed('bob', { conversations: [DIRECT] })).toEqual(['same']);
        for (let index = 0; index < 4; index += 1) await send();
        await expect(send()).rejects.toMatchObject({ code: 'recipient_queue_full' });
      });

      it('shrinks when messages become too old', async () => {
        for (let index = 0; index < 5; index += 1) await send();
        now += LIMITS.retentionMs;
        for (let index = 0; index < 5; index += 1) await send({ sentAt: now });
        await expect(send({ sentAt: now })).rejects.toMatchObject({ code: 'recipient_queue_full' });
        expect(await missed('bob')).toHaveLength(5);
      });

      it('is forgotten by withdrawing from the conversation', async () => {
        for (let index = 0; index < 5; index += 1) await send();
        await withdraw(DIRECT, 'bob');
        expect(await missed('bob')).toEqual([]);
        await send({ content: 'later' });
        expect(await missed('bob')).toEqual(['later']);
      });
    });

    describe('what a user missed', () => {
      it('is never their own', async () => {
        await enroll('alice', 'bob');
        await send(toGroup('lobby'));
        await send();
        expect(await missed('alice')).toEqual([]);
        expect(await missed('bob')).toHaveLength(2);
      });

      it('begins at enrolment, and enrolling again changes nothing', async () => {
        await send({ ...toGroup('lobby'), content: 'before' });
        await enroll('bob');
        await send({ ...toGroup('lobby'), content: 'after' });
        await enroll('bob', 'carol');
        expect(await missed('bob')).toEqual(['after']);
        expect(await missed('carol')).toEqual([]);
      });

      it('is forgotten by withdrawing', async () => {
        await enroll('bob');
        await send(toGroup('lobby'));
        await withdraw(GROUP, 'bob', 'nobody');
        await send(toGroup('lobby'));
        expect(await missed('bob')).toEqual([]);
        await enroll('bob');
        await send({ ...toGroup('lobby'), content: 'new' });
        expect(await missed('bob')).toEqual(['new']);
      });

      it('is nothing of a group without enrolment', async () => {
        await send(toGroup('lobby'));
        await confirm('bob', GROUP, [1, 1]);
        expect(await missed('bob')).toEqual([]);
      });

      it('keeps the gaps between confirmed ranges', async () => {
        await use({ backlogMessages: 100, backlogBytes: 10_000 });
        for (let index = 1; index <= 10; index += 1) await send({ content: String(index) });
        await confirm('bob', DIRECT, [2, 3], [7, 8], [3, 4], [10, 2000], [5, 4]);
        expect(await missed('bob')).toEqual(['1', '5', '6', '9']);
        await confirm('bob', DIRECT, [1, 1], [4, 6]);
        expect(await missed('bob')).toEqual(['9']);
        await confirm('bob', DIRECT, [9, 9]);
        await send({ content: '11' });
        expect(await missed('bob')).toEqual(['11']);
      });

      it('is not confirmed beyond what exists', async () => {
        await send({ content: '1' });
        await confirm('bob', DIRECT, [1, Number.MAX_SAFE_INTEGER]);
        await send({ content: '2' });
        expect(await missed('bob')).toEqual(['2']);
      });

      it('is delivered again, never lost, when the confirmed ranges become too many', async () => {
        await use({ backlogMessages: 1000, backlogBytes: 100_000 });
        const count = 2 * (MAX_RANGES + 20);
        for (let index = 1; index <= count; index += 1) await send({ content: String(index) });
        const even = Array.from({ length: count / 2 }, (_, index) => 2 * index + 2);
        await Promise.all(even.map((sequence) => confirm('bob', DIRECT, [sequence, sequence])));
        const left = (await missed('bob')).map(Number);
        const odd = Array.from({ length: count / 2 }, (_, index) => 2 * index + 1);
        expect(left).toEqual(expect.arrayContaining(odd));
        expect(left).toHaveLength(count - MAX_RANGES);
        await Promise.all(left.map((sequence) => confirm('bob', DIRECT, [sequence, sequence])));
        expect(await missed('bob')).toEqual([]);
      });

      it('needs no ranges for the own messages between the others', async () => {
        await use({ backlogMessages: 1000, backlogBytes: 100_000 });
        await send({ content: 'unconfirmed' });
        const confirmed: Promise<void>[] = [];
        for (let index = 0; index < MAX_RANGES + 20; index += 1) {
          await send({ ...by('bob'), to: { type: 'user', id: 'alice' } });
          const { sequence } = await send();
          // It goes with what is sent next.
          confirmed.push(confirm('bob', DIRECT, [sequence, sequence]));
        }
        await Promise.all(confirmed);
        expect(await missed('bob')).toEqual(['unconfirmed']);
      });

      it('comes in the order in which it was stored, in pages', async () => {
        await use({ backlogMessages: 1000, backlogBytes: 100_000 });
        await enroll('bob');
        const sent: string[] = [];
        for (let index = 0; index < 100; index += 1) {
          const content = String(index);
          sent.push(content);
          if (index % 3 === 0) await send({ ...toGroup('lobby'), content });
          else await send({ ...by(index % 3 === 1 ? 'alice' : 'carol'), content });
        }
        for (const limit of [1, 7, 50, 100, 101]) {
          const got: string[] = [];
          let after: string | undefined;
          do {
            const query = { namespace: 'main', user: 'bob', after, limit };
            const page = await answer<MissedPage>((done) => store.missed(query, done));
            expect(page.messages.length).toBeLessThanOrEqual(limit);
            got.push(...page.messages.map((message) => message.content));
            after = page.next;
          } while (after !== undefined);
          expect(got).toEqual(sent);
        }
      });

      it('pages on after what was confirmed meanwhile', async () => {
        await use({ backlogMessages: 1000, backlogBytes: 100_000 });
        for (let index = 1; index <= 6; index += 1) await send({ content: String(index) });
        const first = await answer<MissedPage>((done) =>
          store.missed({ namespace: 'main', user: 'bob', limit: 2 }, done),
        );
        await confirm('bob', DIRECT, [1, 2], [4, 4]);
        expect(await missed('bob', { after: first.next })).toEqual(['3', '5', '6']);
      });

      it('can be of some conversations or groups only', async () => {
        await enroll('bob');
        await answer<void>((done) => store.enroll('main', 'group:staff', ['bob'], done));
        await send({ content: 'direct' });
        await send({ ...toGroup('lobby'), content: 'lobby' });
        await send({ ...toGroup('staff'), content: 'staff' });
        expect(await missed('bob', { conversations: [GROUP] })).toEqual(['lobby']);
        expect(await missed('bob', { groups: ['staff'] })).toEqual(['direct', 'staff']);
        expect(await missed('bob', { groups: [] })).toEqual(['direct']);
        expect(await missed('bob', { conversations: [GROUP], groups: ['staff'] })).toEqual([]);
      });

      it('is not shared by namespaces', async () => {
        await send({ namespace: 'other' });
        expect(await missed('bob')).toEqual([]);
        expect(await missed('bob', { namespace: 'other' })).toHaveLength(1);
      });

      it('ends at the retention', async () => {
        await enroll('bob');
        await send({ content: 'old' });
        await send({ ...toGroup('lobby'), content: 'old' });
        now += LIMITS.retentionMs;
        await send({ ...toGroup('lobby'), content: 'young', sentAt: now });
        expect(await missed('bob')).toEqual(['young']);
        expect(await history(GROUP)).toEqual(['young']);
        await confirm('bob', GROUP, [2, 2]);
        expect(await missed('bob')).toEqual([]);
      });
    });

    describe('history', () => {
      it('gives the newest, newest last, and what came before a sequence', async () => {
        for (let index = 1; index <= 5; index += 1)
          await send({ ...toGroup('lobby'), content: String(index) });
        expect(await history(GROUP, 2)).toEqual(['4', '5']);
        expect(await history(GROUP, 2, 4)).toEqual(['2', '3']);
        expect(await history(GROUP, 9, 1)).toEqual([]);
        expect(await history('group:none')).toEqual([]);
      });
    });

    describe('find', () => {
      it('finds by the id of the gateway, whoever asks', async () => {
        const message = await send();
        expect(await find(message.id, 'bob')).toEqual(message);
        expect(
          await answer<Message | undefined>((done) =>
            store.find({ namespace: 'x', id: message.id, author: 'bob' }, done),
          ),
        ).toBe(undefined);
      });

      it("finds by the author's own id, not by another's", async () => {
        const message = await send({ clientId: 'c1' });
        expect(await find('c1', 'alice')).toEqual(message);
        expect(await find('c1', 'bob')).toBeUndefined();
      });

      it('is narrowed by a target', async () => {
        const message = await send({ clientId: 'c1' });
        expect(await find('c1', 'alice', { type: 'user', id: 'bob' })).toEqual(message);
        expect(await find('c1', 'alice', { type: 'user', id: 'carol' })).toBeUndefined();
        expect(await find(message.id, 'alice', { type: 'group', id: 'bob' })).toBeUndefined();
      });
    });

    describe('a queue', () => {
      it('gives its oldest entries until they are acknowledged', async () => {
        const bytes = new Uint8Array([0, 255, 1]);
        const entries = [
          entry('01A', {
            headers: [
              ['a', '1'],
              ['a', '2'],
            ],
            body: 'text \u0000 \u{1f600}',
          }),
          entry('01B', { body: bytes, from: undefined }),
          entry('01C', { body: '' }),
        ];
        for (const item of entries) await commit({ kind: 'enqueue', entry: item });
        await commit({ kind: 'enqueue', entry: entry('01A', { queue: 'other' }) });
        const all = await queued();
        expect(all.map((item) => item.id)).toEqual(['01A', '01B', '01C']);
        expect(all.map((item) => item.body)).toEqual(entries.map((item) => item.body));
        expect(all[0]).toEqual(entries[0]);
        expect(all[1]?.from).toBeUndefined();
        expect((await queued('01A', 1)).map((item) => item.id)).toEqual(['01B']);
        await answer<void>((done) => store.dequeue('main', 'work', '01B', done));
        await answer<void>((done) => store.dequeue('main', 'work', '01B', done));
        expect((await queued()).map((item) => item.id)).toEqual(['01A', '01C']);
        expect((await queued('01B')).map((item) => item.id)).toEqual(['01C']);
      });

      it('refuses more entries than its limit', async () => {
        for (const id of ['01A', '01B', '01C']) await commit({ kind: 'enqueue', entry: entry(id) });
        const more = (id: string) => commit({ kind: 'enqueue', entry: entry(id) });
        await expect(more('01D')).rejects.toMatchObject({ code: 'recipient_queue_full' });
        await answer<void>((done) => store.dequeue('main', 'work', '01A', done));
        await expect(more('01D')).resolves.toHaveLength(1);
      });

      it('is refused where there are as many with entries as may be, until one of them is empty', async () => {
        const put = (queue: string, id: string, namespace = 'main') =>
          commit({ kind: 'enqueue', entry: entry(id, { queue, namespace }) });
        const take = (queue: string, id: string, namespace = 'main') =>
          answer<void>((done) => store.dequeue(namespace, queue, id, done));
        await put('a', '01A');
        await put('b', '01B');
        await put('a', '01C', 'other');
        const full = { code: 'recipient_queue_full' };
        await expect(put('c', '01D')).rejects.toMatchObject(full);
        await expect(put('a', '01D', 'third')).rejects.toMatchObject(full);
        // Those that are there take more.
        await put('a', '01E');
        await take('a', '01A');
        await expect(put('c', '01F')).rejects.toMatchObject(full);
        await take('a', '01C', 'other');
        await take('a', '01C', 'other');
        await put('c', '01G');
        await expect(put('d', '01H')).rejects.toMatchObject(full);
      });

      it('that was to be begun by a commit that is refused is none', async () => {
        const begin = (queue: string): StoreOperation => ({
          kind: 'enqueue',
          entry: entry(`01-${queue}`, { queue }),
        });
        const unknown: StoreOperation = { kind: 'revoke', namespace: 'main', message: 'x', author: 'alice' };
        await commit(begin('a'));
        for (let count = 0; count < 5; count++)
          await expect(commit(begin('b'), begin('c'), unknown)).rejects.toMatchObject({
            code: 'message_unknown',
          });
        await expect(commit(begin('b'), begin('c'), begin('d'))).rejects.toMatchObject({
          code: 'recipient_queue_full',
        });
        expect(await commit(begin('b'), begin('c'))).toHaveLength(2);
      });
    });

    describe('identities', () => {
      const assign = (
        users: readonly { readonly id: string; readonly integer?: number }[],
        namespace = 'main',
      ) => answer<void>((done) => under.identities.assign(namespace, users, done));
      const integers = (...users: string[]) => users.map((user) => under.identities.integerOf('main', user));

      it('gives the next free integer from 1, around the seeds, for good', async () => {
        await assign([{ id: 'x' }, { id: 'frank', integer: 2 }, { id: 'erin', integer: 1 }]);
        await assign([{ id: 'y' }, { id: 'x' }, { id: 'erin', integer: 1 }]);
        expect(integers('erin', 'frank', 'x', 'y')).toEqual([1, 2, 3, 4]);
        expect(under.identities.userOf('main', 3)).toBe('x');
        expect(under.identities.userOf('main', 5)).toBeUndefined();
        expect(integers('nobody')).toEqual([undefined]);
      });

      it('counts by itself in each namespace', async () => {
        await assign([{ id: 'x' }]);
        await assign([{ id: 'y' }], 'other');
        expect(under.identities.integerOf('other', 'y')).toBe(1);
        expect(under.identities.integerOf('other', 'x')).toBeUndefined();
      });

      it.each<[string, readonly { readonly id: string; readonly integer?: number }[]]>([
        ['a taken integer', [{ id: 'new' }, { id: 'other', integer: 1 }]],
        ['a user who has another', [{ id: 'new' }, { id: 'taken', integer: 9 }]],
        [
          'two users at once',
          [
            { id: 'new', integer: 5 },
            { id: 'other', integer: 5 },
          ],
        ],
        ['no positive integer', [{ id: 'new' }, { id: 'other', integer: 0 }]],
      ])('refuses a seed for %s and assigns nobody', async (_what, users) => {
        await assign([{ id: 'taken' }]);
        await expect(assign(users)).rejects.toMatchObject({ name: 'GatewayError' });
        expect(integers('new', 'other', 'taken')).toEqual([undefined, undefined, 1]);
        await assign([{ id: 'new' }]);
        expect(integers('new')).toEqual([2]);
      });
    });
  });
}
