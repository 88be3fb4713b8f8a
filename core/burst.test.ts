import { afterEach, describe, expect, it } from 'vitest';
import { type Crowd, crowd, type Member, type MemberPlan } from './burst-test-kit.ts';
import { say } from './test-kit.ts';

const crowds: Crowd[] = [];
function made(plans: readonly MemberPlan[], isControl = false): Crowd {
  const one = crowd(plans, isControl);
  crowds.push(one);
  return one;
}
afterEach(() => {
  for (const one of crowds.splice(0)) one.stop();
});

/** So many connections of other people, each with a user of their own who is a member of the group. */
const others = (count: number): readonly MemberPlan[] =>
  Array.from({ length: count }, (_, index) => ({ user: `user-${2 * index + 1}`, key: 'all' }));

/** What was said of the group's messages. */
const heard = (member: Member): readonly string[] => member.said().filter((text) => text.includes(' g '));

describe('messages in a row to a large group', () => {
  it('are told to everybody, once and in order, and confirmed by the next pong', async () => {
    const all = made(others(20));
    const encodes = all.endpoints[0]?.metrics.encodes ?? 0;
    for (const content of ['a', 'b', 'c']) all.say(content, 'somebody');
    expect(all.together()).toBeGreaterThan(0);
    expect(all.endpoints[0]?.metrics.encodes).toBe(encodes + 3);
    await all.endTurn();
    all.confirmAll();
    for (const member of all.members) {
      expect(heard(member)).toEqual(['all g 1 a', 'all g 2 b', 'all g 3 c']);
      expect(all.confirmedBy(member)).toEqual(['group:g 1', 'group:g 2', 'group:g 3']);
    }
    expect(all.endpoints[0]?.metrics.events.get('message')).toBe(60);
  });

  it('are not told together where fewer attend it', () => {
    const all = made(others(15));
    for (const content of ['a', 'b', 'c']) all.say(content, 'somebody');
    expect(all.together()).toBe(0);
  });

  it('leave the sender’s acks in their places among what others say', async () => {
    const all = made(others(20));
    const sender = all.member(3);
    for (const content of ['a', 'b']) all.say(content, 'somebody');
    sender.receive('send mine');
    await all.endTurn();
    for (const content of ['c', 'd']) all.say(content, 'somebody');
    sender.receive('echo');
    all.say('e', 'somebody');
    await all.endTurn();
    const said = sender.said().filter((text) => text !== 'member_joined');
    expect(said.slice(0, 2)).toEqual(['all g 1 a', 'all g 2 b']);
    expect(said).toContain('own g 1 mine');
    expect(said.indexOf('own g 1 mine')).toBeLessThan(said.indexOf('ack 1 true'));
    expect(said.slice(-4)).toEqual(['all g 3 c', 'all g 4 d', 'answer echo', 'all g 5 e']);
    expect(heard(all.member(4))).toContain('all g 1 mine');
  });

  it('are no confirmation of what the author has said on another connection', async () => {
    const plans = [...others(20), { user: 'user-1', key: 'all' }];
    const all = made(plans);
    const author = all.member(0);
    const second = all.member(20);
    all.say('a', 'somebody');
    all.say('b', 'somebody');
    all.say('mine', 'user-1', author);
    all.say('c', 'somebody');
    await all.endTurn();
    all.confirmAll();
    expect(heard(author)).toEqual(['all g 1 a', 'all g 2 b', 'own g 3 mine', 'all g 4 c']);
    expect(heard(second)).toEqual(['all g 1 a', 'all g 2 b', 'all g 3 mine', 'all g 4 c']);
    const control = made(plans, true);
    control.say('a', 'somebody');
    control.say('b', 'somebody');
    control.say('mine', 'user-1', control.member(0));
    control.say('c', 'somebody');
    await control.endTurn();
    control.confirmAll();
    for (const index of [0, 20, 5]) {
      expect(all.confirmedBy(all.member(index))).toEqual(control.confirmedBy(control.member(index)));
    }
  });

  it('come in one sequence from several authors, and one who comes in between hears only the rest', async () => {
    const all = made(others(20));
    const leaver = all.member(2);
    all.say('a', 'user-1', all.member(0));
    all.say('b', 'user-3', all.member(1));
    all.hub.unattendGroup(leaver.connection, all.group('g'));
    all.say('c', 'user-1', all.member(0));
    all.say('d', 'user-3', all.member(1));
    all.hub.attend(leaver.connection, all.group('g'));
    all.say('e', 'user-1', all.member(0));
    all.say('f', 'user-3', all.member(1));
    await all.endTurn();
    all.confirmAll();
    expect(heard(leaver)).toEqual(['all g 1 a', 'all g 2 b', 'all g 5 e', 'all g 6 f']);
    expect(all.confirmedBy(leaver)).toEqual(['group:g 1', 'group:g 2', 'group:g 5', 'group:g 6']);
    expect(heard(all.member(4))).toHaveLength(6);
  });

  it('are heard from there on by a further connection of a member, which nobody is told of', async () => {
    const all = made([...others(20), { user: 'user-1', key: 'all' }]);
    const second = all.member(20);
    all.hub.unattendGroup(second.connection, all.group('g'));
    for (const content of ['a', 'b']) all.say(content, 'somebody');
    all.hub.attend(second.connection, all.group('g'));
    for (const content of ['c', 'd']) all.say(content, 'somebody');
    await all.endTurn();
    all.confirmAll();
    expect(heard(second)).toEqual(['all g 3 c', 'all g 4 d']);
    expect(all.confirmedBy(second)).toEqual(['group:g 3', 'group:g 4']);
  });

  it('that are more than a part takes are told as they come, and nothing twice', async () => {
    const all = made(others(20));
    const content = 'x'.repeat(20_000);
    for (let count = 0; count < 12; count++) all.say(`${count} ${content}`, 'somebody');
    const early = all.member(4).connection.pendingBytes;
    expect(early).toBeGreaterThan(65_536);
    expect(early).toBeLessThan(12 * 20_000);
    await all.endTurn();
    all.confirmAll();
    for (const member of all.members) {
      const numbers = heard(member).map((text) => Number(text.split(' ')[2]));
      expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
      expect(all.confirmedBy(member)).toHaveLength(12);
    }
  });

  it('that a bus brings twice, and after others, are confirmed all the same', async () => {
    const all = made(others(20));
    for (const content of ['a', 'b', 'c']) all.say(content, 'somebody');
    all.sayAgain(2);
    await all.endTurn();
    all.confirmAll();
    expect(all.confirmedBy(all.member(5))).toEqual(['group:g 1', 'group:g 2', 'group:g 3']);
  });
});

describe('a connection that becomes slow while it is told', () => {
  const slow = (script: MemberPlan['script'] = {}) => {
    const plans = others(20).map((plan, index) => ({
      ...plan,
      endpoint: 1 as const,
      ...(index === 4 ? { script } : {}),
    }));
    const all = made(plans);
    all.member(4).transport.room = 0;
    return all;
  };
  const content = 'x'.repeat(1000);
  const SLOW = ['fault slow_consumer'];

  it('is told so once and ended, hears nothing twice, and the others hear everything', async () => {
    const all = slow();
    for (let count = 0; count < 12; count++) all.say(content, 'somebody');
    await all.endTurn();
    const said = all.member(4).said();
    expect(said.filter((text) => text.startsWith('fault'))).toEqual(SLOW);
    expect(said.at(-1)).toBe('fault slow_consumer');
    const numbers = heard(all.member(4)).map((text) => Number(text.split(' ')[2]));
    expect(numbers).toEqual(Array.from(numbers, (_, index) => index + 1));
    expect(all.member(4).transport.calls).toEqual(['close 4008']);
    expect(all.endpoints[1]?.metrics.slowConsumers).toBe(1);
    for (const member of all.members) if (member !== all.member(4)) expect(heard(member)).toHaveLength(12);
  });

  it.each<[string, (all: Crowd) => void]>([
    ['it is ended for another reason', (all) => all.member(4).connection.end('normal', 'out')],
    ['it receives a frame', (all) => all.member(4).receive('close')],
    ['it receives what can’t be read', (all) => all.member(4).receive('!')],
    ['it is told of something else', (all) => all.announce()],
    ['a wire message is passed on', (all) => all.member(4).connection.pass('passed')],
    ['it leaves', (all) => all.hub.unattendGroup(all.member(4).connection, all.group('g'))],
    ['a replay begins', (all) => all.member(4).connection.deliveries.replay({ groups: ['g'] })],
    [
      'the gateway goes',
      (all) =>
        all.member(4).connection.retire({
          type: 'going_away',
          namespace: 'main',
          reason: 'shutting_down',
          afterMs: 0,
        }),
    ],
  ])('because %s, is ended once, and nothing is said after that', async (_what, happens) => {
    const all = slow();
    for (let count = 0; count < 9; count++) all.say(content, 'somebody');
    happens(all);
    const { connection, transport } = all.member(4);
    const events = all.endpoints[1]?.metrics.events.get('message');
    connection.flush();
    expect(transport.calls).toEqual(['close 4008']);
    expect(all.member(4).said().at(-1)).toBe('fault slow_consumer');
    expect([...(all.endpoints[1]?.metrics.closes ?? [])]).toEqual([['slow_consumer', 1]]);
    expect([...(all.endpoints[1]?.metrics.errors ?? [])]).toEqual([['slow_consumer', 1]]);
    expect(all.store.asked).toEqual([]);
    all.say('after', 'somebody');
    connection.flush();
    expect(all.member(4).said().at(-1)).toBe('fault slow_consumer');
    expect(all.endpoints[1]?.metrics.events.get('message')).toBeGreaterThanOrEqual(events ?? 0);
    await all.endTurn();
    expect(heard(all.member(5))).toHaveLength(10);
  });

  it('and whose session thereby has others told something takes nothing from them', async () => {
    let all: Crowd | undefined;
    const fellow = (): Member => (all as Crowd).member(9);
    all = slow({
      fail: () => {
        fellow().receive('echo');
        return [say('fault slow_consumer')];
      },
    });
    for (let count = 0; count < 40; count++) all.say(content, 'somebody');
    await all.endTurn();
    const numbers = heard(fellow()).map((text) => Number(text.split(' ')[2]));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    expect(fellow().said()).toContain('answer echo');
  });

  it('or whose transport throws harms neither the publisher nor the others', async () => {
    const all = slow();
    all.member(4).transport.write = () => {
      throw new Error('broken');
    };
    for (let count = 0; count < 30; count++) all.say(content, 'somebody');
    await all.endTurn();
    expect(heard(all.member(3))).toHaveLength(30);
    expect(heard(all.member(5))).toHaveLength(30);
  });
});
