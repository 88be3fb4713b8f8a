/** Rooms: `{msgType, textData}` in, `{status, msg, resultBody}` out. PROTOCOL.md has the whole of it. */
import { defineDialect } from '../../core/dialect.ts';
import { RoomClient } from './client.ts';
import { clientCodec, serverCodec } from './codec.ts';
import { RoomOptions } from './options.ts';
import { reference } from './reference.ts';
import { RoomServer } from './server.ts';
import type { RoomFrame } from './wire.ts';

export const roomDialect = defineDialect<RoomFrame, RoomOptions>({
  id: 'room',
  title: 'Rooms: {msgType, textData} requests, {status, msg, resultBody} replies',
  options: RoomOptions,
  subprotocols: [],
  text: 'string',
  defaults: {
    locale: 'zh-CN',
    identity: 'string',
    singleSession: false,
    silenceMs: 300_000,
    closeCodes: {},
  },
  reference,
  loginBy: 'query',
  policy: () => ({
    attendance: 'explicit',
    inbox: 'login',
    replay: 'attend',
    silent: ['presence_changed', 'user_list', 'message_read'],
  }),
  server: (endpoint) => {
    const codec = serverCodec(endpoint.options);
    return (connection) => ({ codec, session: new RoomServer(endpoint, connection) });
  },
  client: (endpoint) => {
    const codec = clientCodec(endpoint.options);
    return (connection) => ({ codec, session: new RoomClient(endpoint, connection) });
  },
});
