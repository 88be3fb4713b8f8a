/** What each frame and each field of this dialect means: see PROTOCOL.md. */
import { cutObjects } from '../../core/frame-texts.ts';
import { parseJsonObject } from '../../core/json-wire.ts';
import type { DialectReference, FrameReference } from '../../core/reference.ts';
import { CLIENT_REFERENCE } from './reference-client.ts';
import { SERVER_REFERENCE } from './reference-server.ts';

const BARE: readonly FrameReference[] = [
  {
    name: 'the text ping',
    direction: 'client',
    when: [{ path: '', is: ['ping'] }],
    meaning: 'The client is alive; answered with the text pong.',
    clause: 'R: "ping — 心跳(JSON 格式)" implies a bare form',
    fields: [],
  },
  {
    name: 'the text pong',
    direction: 'server',
    when: [{ path: '', is: ['pong'] }],
    meaning: 'The answer to the text ping.',
    clause: 'R: "ping — 心跳(JSON 格式)" implies a bare form',
    fields: [],
  },
];

export const reference: DialectReference = {
  source: 'WebSocket 事件协议',
  toldBy: ['type'],
  frames: [...CLIENT_REFERENCE, ...SERVER_REFERENCE, ...BARE],
  cut: cutObjects,
  read: (wire) => (wire === 'ping' || wire === 'pong' ? wire : parseJsonObject(wire)),
};
