/** The `socket` dialect: `{event: "socket:...", data}` channel events. */
import { type DeliveryPolicy, defineDialect } from '../../core/dialect.ts';
import { OPEN_GROUP_PREFIX } from './channels.ts';
import { socketClient } from './client.ts';
import { known } from './codec.ts';
import { SocketOptions } from './options.ts';
import { reference } from './reference.ts';
import { socketServer } from './server.ts';
import type { SocketFrame } from './wire.ts';

export const socketDialect = defineDialect<SocketFrame, SocketOptions>({
  id: 'socket',
  title: 'Channel events: {event: "socket:...", data}, subscriptions, signed private channels',
  options: SocketOptions,
  subprotocols: [],
  text: 'string',
  defaults: {
    locale: 'en',
    identity: 'string',
    singleSession: false,
    // Clients that ignore `heart` ping each 120 s; 30 s more for the way.
    silenceMs: 150_000,
    closeCodes: {},
  },
  reference,
  loginBy: 'query',
  known,
  policy(options): DeliveryPolicy {
    const policy = {
      attendance: 'explicit',
      inbox: 'subscribe',
      replay: 'attend',
      transientGroups: { prefix: OPEN_GROUP_PREFIX, limit: options.maxChannels },
    } as const;
    return policy;
  },
  server: socketServer,
  client: socketClient,
});
