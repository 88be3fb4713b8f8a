/** A client of any dialect at a gateway of the tests: the adapter's own client face on a real WebSocket. */
import { WebSocket } from 'ws';
import type { ConnectionContext, EndpointContext } from '../../core/dialect.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import { connectFace, type Peer } from './face.ts';
import type { TestGateway } from './gateway.ts';

export type { Peer } from './face.ts';

export interface PeerOptions {
  readonly path: string;
  readonly user: string;
  /** Changes each wire message on its way out, as another implementation of the dialect might write it. */
  readonly rewrite?: (wire: string) => string;
}

/** Connects, logs in and resolves once the face is ready. */
export async function connectPeer(gateway: TestGateway, { path, user, ...more }: PeerOptions): Promise<Peer> {
  const endpoint = gateway.gateway.hub.endpoints.find((candidate) => candidate.path === path);
  if (endpoint === undefined) throw new Error(`no endpoint ${path}`);
  const { dialect } = endpoint;
  const token = await gateway.token(user);
  const query = dialect.loginBy === 'query' ? `?token=${token}` : '';
  const socket = new WebSocket(`${gateway.ws}${path}${query}`, [...dialect.subprotocols]);
  return connectFace({
    dialect,
    socket,
    endpoint: contextOf(endpoint),
    connection: connectionOf(endpoint, socket, token),
    user,
    ...more,
  });
}

/** The endpoint as our own client sees it: what the server face was made with. */
function contextOf({ config, path, namespace, authentication }: Endpoint): EndpointContext<unknown> {
  return {
    path,
    namespace,
    authentication,
    options: config.options,
    locale: config.locale,
    limits: { frame: config.limits.frame, content: config.limits.content },
    heartbeat: { silenceMs: config.heartbeat.silence },
  };
}

function connectionOf(endpoint: Endpoint, socket: WebSocket, token: string): ConnectionContext {
  return {
    id: crypto.randomUUID(),
    credentials: [{ kind: 'token', token }],
    get subprotocol() {
      return socket.protocol === '' ? undefined : socket.protocol;
    },
    identity: endpoint.identity,
    now: Date.now,
    newId: () => crypto.randomUUID(),
  };
}
