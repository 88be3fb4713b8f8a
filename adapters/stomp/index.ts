/** The `stomp` dialect: STOMP 1.0 to 1.2 over WebSocket, as Spring-style chat services use it. See PROTOCOL.md. */
import { defineDialect } from '../../core/dialect.ts';
import { MessageSayer } from './chat.ts';
import { StompClientSession } from './client.ts';
import { createCodec } from './codec.ts';
import { Destinations } from './destinations.ts';
import { decoderLimits } from './limits.ts';
import { Options } from './options.ts';
import { reference } from './reference.ts';
import { type EndpointParts, StompServerSession } from './server.ts';
import { newLink } from './version.ts';
import { CLIENT_COMMANDS, SERVER_COMMANDS, type StompFrame } from './wire.ts';

export const stompDialect = defineDialect<StompFrame, Options>({
  id: 'stomp',
  title: 'STOMP 1.0 to 1.2, with the chat destinations of a Spring service',
  options: Options,
  subprotocols: ['v12.stomp', 'v11.stomp', 'v10.stomp'],
  text: 'bytes',
  defaults: {
    locale: 'en',
    identity: 'string',
    singleSession: false,
    // Heart-beats are negotiated; half-open sockets are found by the WebSocket pings of core.
    silenceMs: null,
    closeCodes: { unauthenticated: 1002 },
  },
  reference,
  loginBy: 'frame',
  policy: ({ upstream }) => ({
    attendance: 'explicit',
    inbox: 'subscribe',
    replay: 'sync',
    confirmsUpstream: upstream.acknowledge === 'client-individual',
  }),
  server: (endpoint) => {
    const limits = decoderLimits(endpoint);
    const parts: EndpointParts = {
      endpoint,
      destinations: new Destinations(endpoint.options.destinations),
      sayer: new MessageSayer(),
    };
    return (connection) => {
      const link = newLink();
      return {
        codec: createCodec(CLIENT_COMMANDS, limits, link),
        session: new StompServerSession(parts, connection, link),
      };
    };
  },
  client: (endpoint) => {
    const limits = decoderLimits(endpoint);
    return (connection) => {
      const link = newLink();
      return {
        codec: createCodec(SERVER_COMMANDS, limits, link),
        session: new StompClientSession(endpoint, connection, link),
      };
    };
  },
});
