/** CONNECT read, CONNECTED written [STOMP 1.2, Connecting]. */
import type { ConnectionContext, EndpointContext } from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Credential } from '../../schemas/command.ts';
import { MAX_ID_LENGTH, type User } from '../../schemas/model.ts';
import { agree, type HeartBeat, offer, readHeartBeat, writeHeartBeat } from './heart-beat.ts';
import type { Options } from './options.ts';
import { negotiate, VERSION_LIST, type VersionRules } from './version.ts';
import { headerOf, optionalHeader, type StompFrame } from './wire.ts';

/** Name and version in CONNECTED: no space, because some clients can't read one in a header. */
const SERVER = 'dragoman/0.1';

export interface LoginRequest {
  readonly credentials: readonly Credential[];
  readonly rules: VersionRules;
  /** As CONNECTED states it, and as both sides then keep it. */
  readonly offered: HeartBeat;
  readonly agreed: HeartBeat;
}

/**
 * Reads a CONNECT: the version, the heart-beats, and every way to say who one is.
 *
 * @throws GatewayError protocol_violation with `salvaged.version`, frame_malformed, unauthenticated; all fatal
 */
export function readConnect(
  frame: StompFrame,
  endpoint: EndpointContext<Options>,
  connection: ConnectionContext,
): LoginRequest {
  const rules = negotiate(headerOf(frame, 'accept-version'));
  if (rules === undefined)
    throw new GatewayError('protocol_violation', {
      detail: `supported protocol versions are ${VERSION_LIST}`,
      salvaged: { version: VERSION_LIST },
    });
  const wanted = readHeartBeat(headerOf(frame, 'heart-beat'));
  const offered = offer(endpoint.options.heartBeat, wanted);
  return {
    credentials: readCredentials(frame, endpoint, connection),
    rules,
    offered,
    agreed: agree(offered, wanted),
  };
}

function readCredentials(
  frame: StompFrame,
  endpoint: EndpointContext<Options>,
  connection: ConnectionContext,
): readonly Credential[] {
  const credentials: Credential[] = [...connection.credentials];
  for (const token of readTokens(frame, endpoint.options.tokenHeaders))
    if (!credentials.some((known) => known.kind === 'token' && known.token === token))
      credentials.push({ kind: 'token', token });
  const login = optionalHeader(frame, 'login');
  const passcode = optionalHeader(frame, 'passcode');
  if (endpoint.authentication === 'none') {
    // The first one counts where nobody checks: a name says more than a token.
    const claim = login ?? (credentials.length === 0 ? guestName(connection) : undefined);
    return claim === undefined ? credentials : [claimOf(claim, connection), ...credentials];
  }
  if (login !== undefined && passcode !== undefined) credentials.push({ kind: 'password', login, passcode });
  if (credentials.length > 0) return credentials;
  if (endpoint.authentication === 'anonymous') return [{ kind: 'anonymous' }];
  throw new GatewayError('unauthenticated', { fatal: 'unauthenticated' });
}

/** `Authorization: Bearer …`, with or without the scheme, and the endpoint's own token headers. */
function readTokens(frame: StompFrame, names: readonly string[]): readonly string[] {
  const tokens: string[] = [];
  for (const [name, value] of frame.headers) {
    const text = value.trim();
    const authorization = name.toLowerCase() === 'authorization';
    if (!authorization && !names.includes(name)) continue;
    const token = text.slice(0, 7).toLowerCase() === 'bearer ' ? text.slice(7).trim() : text;
    if (token !== '' && !tokens.includes(token)) tokens.push(token);
  }
  return tokens;
}

const guestName = (connection: ConnectionContext): string =>
  `guest-${connection.newId().replaceAll('-', '').slice(-8)}`;

function claimOf(wireId: string, connection: ConnectionContext): Credential {
  const id = connection.identity.toCanonical(wireId);
  if (id === undefined || id.length > MAX_ID_LENGTH || wireId.length > MAX_ID_LENGTH)
    throw new GatewayError('unauthenticated', {
      fatal: 'unauthenticated',
      detail: 'this login is no user here',
    });
  return { kind: 'claim', user: { id, name: wireId } };
}

/** Whether a header value can stand in CONNECTED, where nothing is escaped, for the most fragile client. */
const isPlain = (value: string): boolean => value !== '' && !/[\s:\\\0]/.test(value);

/** CONNECTED. `heart-beat` always: stompjs 2.3.3 fails without it. */
export function connectedFrame(request: LoginRequest, user: User, connection: ConnectionContext): StompFrame {
  const name = connection.identity.toWire(user.id);
  return {
    command: 'CONNECTED',
    headers: [
      ['version', request.rules.version],
      ['heart-beat', writeHeartBeat(request.offered)],
      ['session', connection.newId()],
      ['server', SERVER],
      ...(name !== undefined && isPlain(name) ? ([['user-name', name]] as const) : []),
    ],
    body: '',
  };
}

/** A login that failed for whatever reason is over; a fault of ours must not look like a bad token. */
export function fatalLogin(error: GatewayError): GatewayError {
  const { code, detail } = error;
  const ours = code === 'store_unavailable' || code === 'upstream_unavailable';
  return new GatewayError(code, {
    fatal: ours ? 'internal' : 'unauthenticated',
    ...(detail === undefined ? {} : { detail }),
  });
}
