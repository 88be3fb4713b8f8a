/** Wire messages <-> frames: one JSON object in one text message. */
import type { Codec } from '../../core/dialect.ts';
import type { FaceName } from '../../core/dialect-vectors.ts';
import { OURCHAT } from './form-ourchat.ts';
import { OURCHAT_2 } from './form-ourchat-2.ts';
import type { LocalTime } from './local-time.ts';
import type { Variant } from './options.ts';
import type { Frame, WireForm } from './wire.ts';

/** The form of each variant. */
export const FORMS = { ourchat: OURCHAT, ourchat_2: OURCHAT_2 } as const satisfies Record<Variant, WireForm>;

/** The codec of one face. It holds no state, so that all connections of an endpoint share it. */
export function codecOf(face: FaceName, form: WireForm, time: LocalTime): Codec<Frame> {
  const read = face === 'server' ? form.readClient : form.readServer;
  return {
    decode: (message) => [read(message, time)],
    encode: (frame) => JSON.stringify(form.write(frame, time)),
  };
}
