/** What each frame and each field of this dialect means: see PROTOCOL.md. */
import type { DialectReference } from '../../core/reference.ts';
import { CHAT_REFERENCE } from './reference-chat.ts';
import { CLIENT_REFERENCE } from './reference-client.ts';
import { EVENT_REFERENCE } from './reference-events.ts';
import { SERVER_REFERENCE } from './reference-server.ts';
import { cutFrames, readFrame } from './reference-text.ts';

export const reference: DialectReference = {
  source: 'WebSocket 协议文档 (XuqmGroup IM), and STOMP 1.0 to 1.2',
  toldBy: ['command', 'headers.destination', 'body.type'],
  frames: [...CLIENT_REFERENCE, ...CHAT_REFERENCE, ...SERVER_REFERENCE, ...EVENT_REFERENCE],
  cut: cutFrames,
  read: readFrame,
};
