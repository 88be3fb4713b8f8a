/** The masks of what WebSocket clients send (RFC 6455, section 5.3). */

/** Payloads from this many bytes on are worth being taken four bytes at a time. */
const WORTH_WORDS = 32;
const MASK = 4;

/** A mask as one word, its bytes in the order of this machine. */
const word = new Int32Array(1);
const bytesOfWord = new Uint8Array(word.buffer);

/** Takes the mask, the four bytes before `from`, off the bytes up to `to`, in place; or puts it back on. */
export function unmask(bytes: Buffer, from: number, to: number): void {
  const mask = from - MASK;
  let at = from;
  if (to - from >= WORTH_WORDS) {
    const aligned = at + (-(bytes.byteOffset + at) & 3);
    for (; at < aligned; at++) bytes[at] = byteOf(bytes, at) ^ byteOf(bytes, mask + ((at - from) & 3));
    for (let index = 0; index < MASK; index++) {
      bytesOfWord[index] = byteOf(bytes, mask + ((at - from + index) & 3));
    }
    const key = word[0] as number;
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, (to - at) >>> 2);
    for (let index = 0; index < words.length; index++) words[index] = (words[index] as number) ^ key;
    at += words.length << 2;
  }
  for (; at < to; at++) bytes[at] = byteOf(bytes, at) ^ byteOf(bytes, mask + ((at - from) & 3));
}

const byteOf = (bytes: Buffer, index: number): number => bytes[index] as number;
