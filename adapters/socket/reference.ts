/** What each frame and each field of this dialect means: see PROTOCOL.md. */
import { cutObjects } from '../../core/frame-texts.ts';
import { parseJsonObject } from '../../core/json-wire.ts';
import type { DialectReference } from '../../core/reference.ts';
import { SERVER_EVENT_REFERENCE } from './reference-events.ts';
import { PUBLISHED_REFERENCE } from './reference-published.ts';
import { SYSTEM_REFERENCE } from './reference-system.ts';

export const reference: DialectReference = {
  source: 'Websocket 消息格式之系统事件',
  toldBy: ['event'],
  frames: [...SYSTEM_REFERENCE, ...SERVER_EVENT_REFERENCE, ...PUBLISHED_REFERENCE],
  cut: cutObjects,
  read: parseJsonObject,
};
