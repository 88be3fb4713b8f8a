/** What each frame and each field of both forms means: see PROTOCOL.md. */
import { cutObjects } from '../../core/frame-texts.ts';
import { parseJsonObject } from '../../core/json-wire.ts';
import type { DialectReference } from '../../core/reference.ts';
import { FORM_REFERENCE } from './reference-ourchat.ts';
import { LATER_FORM_REFERENCE } from './reference-ourchat-2.ts';

export const reference: DialectReference = {
  source: 'OurChat2.0 WebSocket 消息协议设计',
  toldBy: ['type'],
  frames: [...FORM_REFERENCE, ...LATER_FORM_REFERENCE],
  cut: cutObjects,
  read: parseJsonObject,
};
