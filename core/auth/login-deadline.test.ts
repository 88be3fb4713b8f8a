import { expect, it } from 'vitest';
import type { Endpoint } from '../endpoint.ts';
import type { GatewayError } from '../errors.ts';
import { TimerWheel } from '../timer-wheel.ts';
import { LoginDeadline } from './login-deadline.ts';

const STRANGER = { isLoggedIn: false, awaitsUpstream: false, isEnding: false };

/** What a connection in that state is told when its time is up. */
function told(state: Partial<typeof STRANGER>): readonly string[] {
  let now = 0;
  const said: string[] = [];
  const wheel = new TimerWheel(10, () => now);
  const endpoint = {
    config: { limits: { beforeLogin: { deadline: 1000 } } },
    metrics: { countRefusal: (limit: string) => said.push(limit) },
  } as unknown as Endpoint;
  const fault = ({ code, fatal }: GatewayError): unknown => said.push(`${code}, ${fatal}`);
  new LoginDeadline({ ...STRANGER, ...state, endpoint, fault }, wheel);
  for (now = 0; now < 990; now += 10) wheel.turn();
  expect(said).toEqual([]);
  for (; now < 2000; now += 10) wheel.turn();
  wheel.stop();
  return said;
}

it('ends whoever is nobody when it comes', () => {
  expect(told({})).toEqual(['login_deadline', 'unauthenticated, unauthenticated']);
});

it.each(['isLoggedIn', 'awaitsUpstream', 'isEnding'] as const)(
  'spares a connection of which it is true that %s',
  (state) => {
    expect(told({ [state]: true })).toEqual([]);
  },
);
