/** The `json` dialect: `{type, data}` events of an IM service. PROTOCOL.md says what is on the wire. */
import { defineDialect } from '../../core/dialect.ts';
import { JsonClientSession } from './client.ts';
import { clientCodec, known, serverCodec } from './codec.ts';
import { JsonOptions } from './options.ts';
import { reference } from './reference.ts';
import { JsonServerSession } from './server.ts';
import type { JsonFrame } from './wire.ts';

export const jsonDialect = defineDialect<JsonFrame, JsonOptions>({
  id: 'json',
  title: 'IM events as {type, data} objects, with auth, ack and kick',
  options: JsonOptions,
  subprotocols: [],
  text: 'string',
  defaults: {
    locale: 'zh-CN',
    identity: 'string',
    singleSession: true,
    silenceMs: 90_000,
    closeCodes: {},
  },
  reference,
  loginBy: 'frame',
  known,
  policy: (options) => ({
    attendance: 'membership',
    inbox: 'login',
    silent: ['presence_changed', 'member_joined', 'member_left', 'user_list', 'message_read'],
    replay: options.replayMissed ? 'login' : 'sync',
  }),
  server: (endpoint) => (connection) => ({
    codec: serverCodec,
    session: new JsonServerSession(endpoint, connection),
  }),
  client: (endpoint) => (connection) => ({
    codec: clientCodec,
    session: new JsonClientSession(endpoint, connection),
  }),
});
