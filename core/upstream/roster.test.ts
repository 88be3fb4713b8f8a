import { expect, it, vi } from 'vitest';
import type { User } from '../../schemas/model.ts';
import { TimerWheel } from '../timer-wheel.ts';
import { UpstreamRoster } from './roster.ts';

const user = (id: string): User => ({ namespace: 'main', id, name: id });

it('upstream.limits.listed: further people are left out and counted, and come in when there is room', () => {
  const wheel = new TimerWheel();
  const lost = vi.fn();
  const parts = { namespace: 'main', group: 'lobby', intervalMs: 1000, self: user('alice'), most: 2, wheel };
  const roster = new UpstreamRoster({ ...parts, push: () => {}, lost });
  const seen = (id: string, online: boolean) =>
    roster.see({ type: 'presence_changed', namespace: 'main', user: user(id), online, at: 0 });
  for (const id of ['bob', 'carol', 'bob']) seen(id, true);
  expect(roster.online.map(({ id }) => id)).toEqual(['alice', 'bob']);
  expect(lost).toHaveBeenCalledTimes(1);
  seen('bob', false);
  seen('carol', true);
  expect(roster.online.map(({ id }) => id)).toEqual(['alice', 'carol']);
  roster.stop();
  wheel.stop();
});
