/**
 * Encrypted wire messages: AES-256-GCM below an endpoint's codec, for dialects whose clients encrypt their
 * payloads. A wire message is the base64 text of
 *
 *     key id (1 byte) | nonce (12 bytes) | ciphertext | tag (16 bytes)
 *
 * with the key id as additional data, so that a message can't be moved to another key. Several keys may be read
 * at a time; a client is answered under the key that it used last, at first under the newest.
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { WireMessage } from './dialect.ts';
import { GatewayError } from './errors.ts';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PREFIX_BYTES = 8;

/** A nonce is never used twice: 8 random bytes of this process and a counter; fresh random bytes at its end. */
class Nonces {
  #prefix = randomBytes(PREFIX_BYTES);
  #counter = 0;

  next(): Buffer {
    if (this.#counter > 0xffff_ffff) {
      this.#prefix = randomBytes(PREFIX_BYTES);
      this.#counter = 0;
    }
    const nonce = Buffer.allocUnsafe(NONCE_BYTES);
    this.#prefix.copy(nonce);
    nonce.writeUInt32BE(this.#counter++, PREFIX_BYTES);
    return nonce;
  }
}

export interface EncryptionKeys {
  /** Keys of 32 bytes by id, 0 to 255, as base64. */
  readonly keys: Readonly<Record<string, string>>;
  /** The id that is used toward clients that have not said anything yet. */
  readonly active: number;
}

export class PayloadEncryption {
  readonly active: number;
  readonly #keys: ReadonlyMap<number, KeyObject>;
  readonly #nonces = new Nonces();

  constructor({ keys, active }: EncryptionKeys) {
    this.active = active;
    this.#keys = new Map(
      Object.entries(keys).map(([id, key]) => [Number(id), createSecretKey(Buffer.from(key, 'base64'))]),
    );
  }

  /** The encrypted text of a message. */
  seal(message: WireMessage, keyId: number): string {
    const key = this.#keys.get(keyId);
    if (key === undefined) throw new Error(`no encryption key ${keyId}`);
    const nonce = this.#nonces.next();
    const header = Buffer.of(keyId);
    const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(header);
    const body = cipher.update(typeof message === 'string' ? Buffer.from(message) : message);
    return Buffer.concat([header, nonce, body, cipher.final(), cipher.getAuthTag()]).toString('base64');
  }

  /**
   * The bytes of a message and the key that it came under.
   *
   * @param data - the wire message's own bytes: base64 text
   * @throws GatewayError frame_malformed, without saying which step failed
   */
  open(data: Uint8Array): { readonly data: Buffer; readonly keyId: number } {
    const sealed = Buffer.from(
      Buffer.from(data.buffer, data.byteOffset, data.length).toString('latin1'),
      'base64',
    );
    const keyId = sealed[0];
    const key = keyId === undefined ? undefined : this.#keys.get(keyId);
    if (keyId === undefined || key === undefined || sealed.length < 1 + NONCE_BYTES + TAG_BYTES)
      throw unreadable();
    const end = sealed.length - TAG_BYTES;
    try {
      const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(1, 1 + NONCE_BYTES))
        .setAAD(sealed.subarray(0, 1))
        .setAuthTag(sealed.subarray(end));
      const body = decipher.update(sealed.subarray(1 + NONCE_BYTES, end));
      return { data: Buffer.concat([body, decipher.final()]), keyId };
    } catch (cause) {
      throw unreadable(cause);
    }
  }
}

const unreadable = (cause?: unknown): GatewayError =>
  new GatewayError('frame_malformed', {
    detail: 'expected base64 of key id, nonce, ciphertext and tag, encrypted with a key of this endpoint',
    cause,
  });
