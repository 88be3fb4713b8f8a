/**
 * Users on an endpoint whose wire has numbers for them: the gateway has the map, so that the doctor only knows the
 * numbers that the configuration gives, and those of people whom it hears of by their names.
 */
import type { Config, EndpointConfig } from '../../schemas/config.ts';
import type { Event } from '../../schemas/event.ts';
import type { WireIdentity } from '../dialect.ts';
import { wireIdentity } from '../identity.ts';
import { MemoryIdentityMap } from '../store/memory-identity.ts';
import type { Login } from './logins.ts';

export interface WireUsers extends WireIdentity {
  /** Somebody whose number may be told by an event that has the name. */
  expect(login: Login): void;
  hear(event: Event): void;
}

export function wireUsers({ users }: Config, { identity, namespace }: EndpointConfig): WireUsers {
  if (identity !== 'integer') {
    const known = wireIdentity(identity, namespace, new MemoryIdentityMap());
    return { ...known, expect: () => {}, hear: () => {} };
  }
  const numbers = new Map<string, string>();
  const people = new Map<string, string>();
  const expected = new Map<string, string>();
  const learn = (id: string, number: string): void => {
    numbers.set(id, number);
    people.set(number, id);
  };
  for (const { id, integer, namespace: home } of users) {
    if (integer !== undefined && home === namespace) learn(id, String(integer));
  }
  return {
    toWire: (id) => numbers.get(id),
    toCanonical: (wire) => people.get(wire) ?? STRANGER + wire,
    expect: ({ user, name }) => {
      if (user !== undefined && name !== undefined && !numbers.has(user)) expected.set(name, user);
    },
    hear: (event) => {
      if (event.type !== 'user_list') return;
      for (const { id, name } of [...event.online, ...event.offline]) {
        const user = expected.get(name);
        if (user !== undefined && id.startsWith(STRANGER)) learn(user, id.slice(STRANGER.length));
      }
    },
  };
}

/** Before the number of somebody of whom nothing else is known. */
const STRANGER = '#';
