import { createHmac, createSecretKey } from 'node:crypto';
import { errors, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { hs256Claims } from './hs256.ts';

const SECRET = Buffer.from('a secret of the tests, long enough for HS256');
const KEY = createSecretKey(SECRET);
const HEAD = Buffer.from('{"alg":"HS256"}').toString('base64url');
const NOW = Math.floor(Date.now() / 1000);
const OPTIONS = {
  requiredClaims: ['sub'],
  audience: 'chat',
  issuer: 'https://login.example',
  clockTolerance: 5,
};
const GOOD = { sub: 'alice', aud: 'chat', iss: 'https://login.example', exp: NOW + 3600 };

/** Signed by the right key, whatever stands in it. */
function signed(payload: string, head = HEAD): string {
  const text = `${head}.${payload}`;
  return `${text}.${createHmac('sha256', KEY).update(text).digest('base64url')}`;
}
const tokenOf = (claims: unknown): string =>
  signed(Buffer.from(JSON.stringify(claims)).toString('base64url'));

/** What jose says of the same token. */
async function byJose(token: string): Promise<object | undefined> {
  try {
    const options = { ...OPTIONS, algorithms: ['HS256'] };
    return (await jwtVerify(token, KEY, options)).payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

describe('a token is as good as jose finds it', () => {
  it.each<[string, unknown, boolean]>([
    ['good', GOOD, true],
    ['with claims of its own', { ...GOOD, name: '王', roles: ['a'], __proto__x: 1 }, true],
    ['without an end', { ...GOOD, exp: undefined }, true],
    ['that has just ended', { ...GOOD, exp: NOW - 2 }, true],
    ['that ended a while ago', { ...GOOD, exp: NOW - 30 }, false],
    ['that ends at no time', { ...GOOD, exp: `${NOW + 60}` }, false],
    ['that ends at null', { ...GOOD, exp: null }, false],
    ['that begins soon', { ...GOOD, nbf: NOW + 2 }, true],
    ['that begins later', { ...GOOD, nbf: NOW + 60 }, false],
    ['that begins at no time', { ...GOOD, nbf: true }, false],
    ['issued at no time', { ...GOOD, iat: 'now' }, false],
    ['issued in the future', { ...GOOD, iat: NOW + 3600 }, true],
    ['for one of several audiences', { ...GOOD, aud: ['shop', 'chat'] }, true],
    ['for other audiences', { ...GOOD, aud: ['shop'] }, false],
    ['for part of an audience', { ...GOOD, aud: 'chatter' }, false],
    ['for an audience that is no text', { ...GOOD, aud: { chat: true } }, false],
    ['of another issuer', { ...GOOD, iss: 'https://evil.example' }, false],
    ['of several issuers', { ...GOOD, iss: ['https://login.example'] }, false],
    ['without a subject', { ...GOOD, sub: undefined }, false],
    ['that is a list', [GOOD], false],
    ['that is null', null, false],
    ['that is text', 'GOOD', false],
  ])('%s', async (_title, claims, isGood) => {
    const token = tokenOf(claims);
    const payload = hs256Claims(token, KEY, OPTIONS);
    expect(payload).toEqual(await byJose(token));
    expect(payload !== undefined).toBe(isGood);
  });

  const good = Buffer.from(JSON.stringify(GOOD)).toString('base64url');
  it.each([
    ['no JSON', Buffer.from('{"sub":').toString('base64url')],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]).toString('base64url')],
    ['the other alphabet', Buffer.from('{"sub":"\u00ff\u00fe?>"}', 'latin1').toString('base64')],
    ['nothing', ''],
    ['a dot more', `${good}.`],
    ['a part more', `${good}.${good}`],
  ])('with %s for its claims it is not', async (_title, payload) => {
    const token = signed(payload);
    expect(await byJose(token)).toBeUndefined();
    expect(hs256Claims(token, KEY, OPTIONS)).toBeUndefined();
  });
});

it.each(['', '.', '..', 'x', 'x.y', `${HEAD}.e30.`, `${HEAD}..AAAA`])('%j is signed by nobody', (token) => {
  expect(hs256Claims(token, KEY, { clockTolerance: 0 })).toBeUndefined();
});
