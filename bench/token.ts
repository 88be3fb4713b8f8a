/** Tokens for the gateway that the bench starts: HS256, as its configuration says. */
import { createHmac } from 'node:crypto';

/** Known to everybody: it opens a server that lives for one run, on loopback. */
export const SECRET = 'a-secret-of-the-bench-that-opens-nothing-else';
const LIFETIME_SECONDS = 7200;

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const HEAD = part({ alg: 'HS256', typ: 'JWT' });

export function tokenFor(user: string): string {
  const now = Math.floor(Date.now() / 1000);
  const signed = `${HEAD}.${part({ sub: user, iat: now, exp: now + LIFETIME_SECONDS })}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}
