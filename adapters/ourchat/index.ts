/** The dialect `ourchat`: see PROTOCOL.md. */
import { defineDialect } from '../../core/dialect.ts';
import { OurchatClientSession } from './client.ts';
import { codecOf } from './codec.ts';
import { EndpointView } from './endpoint-view.ts';
import { Options } from './options.ts';
import { reference } from './reference.ts';
import { OurchatServerSession } from './server.ts';
import type { Frame } from './wire.ts';

export const ourchatDialect = defineDialect<Frame, Options>({
  id: 'ourchat',
  title: 'OurChat: CHAT, SYSTEM, USER_LIST and ERROR frames, one lobby, integer user ids',
  options: Options,
  subprotocols: [],
  text: 'string',
  defaults: {
    locale: 'zh-CN',
    identity: 'integer',
    singleSession: true,
    // The source has no heartbeat; core's WebSocket pings find the dead connections.
    silenceMs: null,
    closeCodes: { replaced: 1000 },
  },
  reference,
  loginBy: 'query',

  policy: ({ lobby, lobbyAttendance, rosterIntervalMs }) => ({
    attendance: 'membership',
    ...(lobbyAttendance === 'everyone' && { attendAtLogin: [lobby] }),
    inbox: 'login',
    replay: 'login',
    groups: [lobby],
    roster: { group: lobby, intervalMs: rosterIntervalMs },
  }),

  server(endpoint) {
    const view = new EndpointView(endpoint);
    const codec = codecOf('server', view.form, view.time);
    return (connection) => ({ codec, session: new OurchatServerSession(view, connection) });
  },

  client(endpoint) {
    const view = new EndpointView(endpoint);
    const codec = codecOf('client', view.form, view.time);
    return (connection) => ({ codec, session: new OurchatClientSession(view, connection) });
  },
});
