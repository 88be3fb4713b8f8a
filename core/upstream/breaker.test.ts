import { beforeEach, describe, expect, it } from 'vitest';
import { Breaker } from './breaker.ts';

describe('Breaker', () => {
  let now: number;
  let breaker: Breaker;
  beforeEach(() => {
    now = 0;
    breaker = new Breaker({ failures: 3, openFor: 100 }, () => now);
  });
  const failTimes = (count: number): void => {
    for (let index = 0; index < count; index++) {
      const entry = breaker.enter();
      if (entry !== undefined) breaker.failed(entry);
    }
  };

  it('lets everybody try while fewer failures came in a row', () => {
    failTimes(2);
    expect(breaker.state).toBe('closed');
    expect([breaker.enter(), breaker.enter()]).toEqual(['one of many', 'one of many']);
  });

  it('counts failures in a row only', () => {
    failTimes(2);
    breaker.enter();
    breaker.succeeded();
    failTimes(2);
    expect(breaker.state).toBe('closed');
  });

  it('lets nobody try for a while after too many', () => {
    failTimes(3);
    expect(breaker.state).toBe('open');
    now = 99;
    expect(breaker.enter()).toBeUndefined();
  });

  it('then lets one try for all', () => {
    failTimes(3);
    now = 100;
    expect(breaker.state).toBe('half_open');
    expect([breaker.enter(), breaker.enter()]).toEqual(['probe', undefined]);
    breaker.succeeded();
    expect(breaker.state).toBe('closed');
    expect([breaker.enter(), breaker.enter()]).toEqual(['one of many', 'one of many']);
  });

  it('waits again when that one fails, too', () => {
    failTimes(3);
    now = 100;
    breaker.enter();
    breaker.failed('probe');
    expect(breaker.state).toBe('open');
    now = 199;
    expect(breaker.enter()).toBeUndefined();
    now = 200;
    expect(breaker.enter()).toBe('probe');
  });

  it('lets another try when that one goes away', () => {
    failTimes(3);
    now = 100;
    breaker.enter();
    breaker.abandoned('probe');
    expect(breaker.enter()).toBe('probe');
  });

  it('lets no second one try when somebody goes away who came in before', () => {
    const before = breaker.enter();
    failTimes(3);
    now = 100;
    expect(breaker.enter()).toBe('probe');
    if (before !== undefined) breaker.abandoned(before);
    expect(breaker.enter()).toBeUndefined();
  });
});
