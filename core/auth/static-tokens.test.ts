import { expect, it } from 'vitest';
import type { Credential } from '../../schemas/command.ts';
import { staticTokens } from './static-tokens.ts';
import { CONTEXT } from './test-kit.ts';

const list = staticTokens({ 't-alice': 'alice', 't-bob': 'bob', __proto__x: 'carol' });
const whoIs = async (credential: Credential) => (await list.authenticate(credential, CONTEXT))?.userId;
const password = (login: string, passcode: string): Credential => ({ kind: 'password', login, passcode });

it.each<[string, Credential, string | undefined]>([
  ['a token of the list', { kind: 'token', token: 't-alice' }, 'alice'],
  ['a token as its own user’s passcode', password('bob', 't-bob'), 'bob'],
  ['a token as another user’s passcode', password('alice', 't-bob'), undefined],
  ['a token that is cut', { kind: 'token', token: 't-alic' }, undefined],
  ['a token in other letters', { kind: 'token', token: 'T-ALICE' }, undefined],
  ['a name that every object has', { kind: 'token', token: '__proto__' }, undefined],
  ['an empty token', { kind: 'token', token: '' }, undefined],
  ['a token without end', { kind: 'token', token: 'x'.repeat(1_000_000) }, undefined],
  ['a claim', { kind: 'claim', user: { id: 'alice', name: '' } }, undefined],
  ['nothing', { kind: 'anonymous' }, undefined],
])('%s belongs to the right user or to nobody', async (_title, credential, user) => {
  expect(await whoIs(credential)).toBe(user);
});
