/**
 * `auth` of private channels: `<key>:<hex of HMAC-SHA256(secret, socket_id + ":" + channel)>`. The source
 * leaves the form to both sides; this one is ours. The business backend makes it, the gateway checks it.
 */
import { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Secrets by the name of the key; several are good at the same time, for rotation. */
export type ChannelKeys = ReadonlyMap<string, string>;

const DIGEST_BYTES = 32;

const digest = (secret: string, socketId: string, channel: string): Buffer =>
  createHmac('sha256', secret).update(`${socketId}:${channel}`, 'utf8').digest();

/** The `auth` that opens `channel` to the connection `socketId`. */
export function authFor(
  key: readonly [name: string, secret: string],
  socketId: string,
  channel: string,
): string {
  const [name, secret] = key;
  return `${name}:${digest(secret, socketId, channel).toString('hex')}`;
}

/** Whether `auth` was made with one of the keys, for this connection and this channel. Compares in constant time. */
export function isAuthorized(
  keys: ChannelKeys,
  auth: string,
  signed: { socketId: string; channel: string },
): boolean {
  const colon = auth.lastIndexOf(':');
  const secret = keys.get(auth.slice(0, Math.max(colon, 0)));
  const hex = auth.slice(colon + 1);
  if (secret === undefined || hex.length !== DIGEST_BYTES * 2) return false;
  // Buffer.from stops at the first character that isn't hexadecimal, hence the second check of the length.
  const given = Buffer.from(hex, 'hex');
  return (
    given.length === DIGEST_BYTES && timingSafeEqual(given, digest(secret, signed.socketId, signed.channel))
  );
}
