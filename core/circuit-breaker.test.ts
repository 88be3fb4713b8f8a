import { expect, it } from 'vitest';
import { type Attempt, Breaker, type BreakerState } from './circuit-breaker.ts';

function breaker(failures = 2, openFor = 100) {
  let now = 0;
  const states: BreakerState[] = [];
  const it = new Breaker(
    { failures, openFor },
    (state) => states.push(state),
    () => now,
  );
  const enter = (): Attempt => {
    const passage = it.enter();
    if (passage === undefined) throw new Error('not let through');
    return passage;
  };
  return {
    it,
    states,
    enter,
    fail: () => enter().failed(),
    wait: (ms: number) => {
      now += ms;
    },
  };
}

it('opens after so many failures one after the other', () => {
  const { it: subject, fail, enter, states } = breaker();
  fail();
  enter().succeeded();
  fail();
  expect(subject.state).toBe('closed');
  fail();
  expect(subject.state).toBe('open');
  expect(subject.enter()).toBeUndefined();
  expect(subject.opensInMs).toBe(100);
  expect(states).toEqual(['open']);
});

it('lets one attempt through after a while and closes when that succeeds', () => {
  const { it: subject, fail, enter, wait, states } = breaker(1);
  fail();
  wait(99);
  expect(subject.enter()).toBeUndefined();
  wait(1);
  const probe = enter();
  expect(subject.state).toBe('half_open');
  expect(subject.enter()).toBeUndefined();
  expect(subject.opensInMs).toBeUndefined();
  probe.succeeded();
  expect(subject.opensInMs).toBe(0);
  expect(states).toEqual(['open', 'half_open', 'closed']);
});

it('opens again when that fails', () => {
  const { it: subject, fail, enter, wait } = breaker(3);
  for (let count = 0; count < 3; count++) fail();
  wait(100);
  enter().failed();
  expect(subject.state).toBe('open');
  expect(subject.opensInMs).toBe(100);
});

it('hears nothing of attempts from before', () => {
  const { it: subject, fail, enter, wait } = breaker(1);
  const slow = enter();
  const slower = enter();
  fail();
  slow.succeeded();
  expect(subject.state).toBe('open');
  wait(100);
  const probe = enter();
  slower.failed();
  expect(subject.state).toBe('half_open');
  probe.succeeded();
  expect(subject.state).toBe('closed');
});

it('lets another try when the one that tried for all goes away', () => {
  const { it: subject, fail, enter, wait } = breaker(1);
  fail();
  wait(100);
  const probe = enter();
  probe.abandoned();
  expect(subject.opensInMs).toBe(0);
  enter().succeeded();
  expect(subject.state).toBe('closed');
});

it('lets no second one try when somebody goes away who came in before', () => {
  const { it: subject, fail, enter, wait } = breaker(1);
  const before = enter();
  fail();
  wait(100);
  enter();
  before.abandoned();
  expect(subject.enter()).toBeUndefined();
});

it('stays closed when somebody goes away', () => {
  const { it: subject, enter } = breaker(1);
  enter().abandoned();
  expect(subject.state).toBe('closed');
});
