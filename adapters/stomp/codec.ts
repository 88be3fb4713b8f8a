/** The codec of one connection; the session shares its `Link` and thereby the version. */
import type { Codec, WireMessage } from '../../core/dialect.ts';
import { StompDecoder } from './decoder.ts';
import { encodeFrame } from './encoder.ts';
import type { DecoderLimits } from './limits.ts';
import type { Link } from './version.ts';
import type { StompFrame } from './wire.ts';

/** @param commands what the other side may send */
export function createCodec(
  commands: readonly string[],
  limits: DecoderLimits,
  link: Link,
): Codec<StompFrame> {
  const decoder = new StompDecoder(commands, limits, link);
  return {
    decode: (message: WireMessage) => decoder.push(message),
    encode: (frame) => encodeFrame(frame, link.rules),
  };
}
