/** Checks below any dialect: whether the path is there, who may connect, pings and the closing handshake. */
import { WebSocket } from 'ws';
import type { EndpointConfig } from '../../schemas/config.ts';
import type { AnyDialect } from '../dialect.ts';
import { fail, inMs, type Note, pass, quote, skip, type Verdict } from './finding.ts';
import { whyOf } from './pages.ts';

export interface Knock {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly subprotocols: readonly string[];
  readonly timeoutMs: number;
  /** For an Origin header. */
  readonly origin?: string;
}

/** An open socket, or the status of the refusal (0: there was no answer that makes sense). */
export type Opened =
  | { readonly socket: WebSocket; readonly first: Promise<string> }
  | { readonly status: number; readonly why: string };

/** The socket has a listener for errors; end it by `terminate`. `first` is the first message, whenever it comes. */
export function knock({ url, headers, subprotocols, timeoutMs, origin }: Knock): Promise<Opened> {
  const { promise, resolve } = Promise.withResolvers<Opened>();
  const socket = new WebSocket(url, [...subprotocols], {
    headers: { ...headers },
    handshakeTimeout: timeoutMs,
    followRedirects: false,
    perMessageDeflate: false,
    ...(origin === undefined ? {} : { origin }),
  });
  // It may come in the same packet as the answer to the upgrade.
  const first = new Promise<string>((heard) => {
    socket.once('message', (data: Buffer) => heard(data.toString()));
  });
  socket.on('open', () => resolve({ socket, first }));
  socket.on('unexpected-response', (request, { statusCode = 0 }) => {
    request.destroy();
    resolve({ status: statusCode, why: `answers ${statusCode}` });
  });
  socket.on('error', (error) => resolve({ status: 0, why: whyOf(error) }));
  return promise;
}

/** The first of the events of a socket that comes within the time; undefined if none does. */
export function firstOf<Value>(
  socket: WebSocket,
  timeoutMs: number,
  listen: (done: (value: Value) => void) => void,
): Promise<Value | undefined> {
  const { promise, resolve } = Promise.withResolvers<Value | undefined>();
  const timer = setTimeout(() => resolve(undefined), timeoutMs);
  listen((value) => {
    clearTimeout(timer);
    resolve(value);
  });
  if (socket.readyState === WebSocket.CLOSED) resolve(undefined);
  return promise.finally(() => clearTimeout(timer));
}

/** Whether the endpoint takes connections at all. */
export async function checkHandshake(at: Knock, dialect: AnyDialect, note: Note): Promise<boolean> {
  const opened = await knock(at);
  if ('status' in opened) {
    note('upgrade', notOpened(opened));
    return false;
  }
  const { socket } = opened;
  note('upgrade', pass('opens'));
  note('subprotocol', subprotocol(dialect, socket.protocol));
  note('ping', await ping(socket, at.timeoutMs));
  note('close', await close(socket, at.timeoutMs));
  socket.terminate();
  return true;
}

function notOpened({ status, why }: Extract<Opened, { readonly status: number }>): Verdict {
  switch (status) {
    case 404:
      return fail(
        'the path answers 404',
        'the gateway runs with another configuration, or a proxy drops the path: compare with --config',
      );
    case 200:
    case 400:
    case 426:
      return fail(
        `${why} and does not upgrade`,
        'a proxy in front has to pass the headers Upgrade and Connection on',
      );
    case 429:
    case 503:
      return fail(why, 'too many connections, or shutting down: see limits.connections and limits.admission');
    case 0:
      return fail(
        /subprotocol/i.test(why) ? 'it opens without a subprotocol' : `it does not open: ${why}`,
        /subprotocol/i.test(why)
          ? 'the endpoint speaks another dialect, or a proxy drops Sec-WebSocket-Protocol'
          : 'see whether the gateway still runs, and what its log says',
      );
    default:
      return fail(why, 'see what the log of the gateway, or of the proxy in front, says');
  }
}

function subprotocol({ subprotocols }: AnyDialect, chosen: string): Verdict {
  const [best] = subprotocols;
  if (best === undefined) return skip('the dialect has none');
  return chosen === best
    ? pass(`${best} was chosen`)
    : fail(
        `${quote(chosen) || 'none'} was chosen, and ${best} was offered first`,
        'a proxy in front changes Sec-WebSocket-Protocol, or the endpoint speaks another dialect',
      );
}

async function ping(socket: WebSocket, timeoutMs: number): Promise<Verdict> {
  const since = performance.now();
  const answer = await firstOf<'pong' | number>(socket, timeoutMs, (done) => {
    socket.on('pong', () => done('pong'));
    socket.on('close', (code: number) => done(code));
    if (socket.readyState === WebSocket.OPEN) socket.ping('dragoman-doctor');
  });
  if (answer === 'pong') return pass(`pong after ${inMs(performance.now() - since)}`);
  if (typeof answer === 'number') return skip(`closed with ${answer} before the pong: see login`);
  return fail(
    `no pong in ${timeoutMs} ms`,
    'something between here and the gateway swallows pings: idle connections will be cut; look at the proxy',
  );
}

async function close(socket: WebSocket, timeoutMs: number): Promise<Verdict> {
  if (socket.readyState === WebSocket.CLOSED) return pass('the gateway closed first');
  const code = await firstOf<number>(socket, timeoutMs, (done) => {
    socket.on('close', done);
    socket.close(1000);
  });
  return code === undefined || code === 1006
    ? fail('the close frame was not answered', 'something in between drops close frames; look at the proxy')
    : pass(`answered with ${code}`);
}

/** A page of somebody else's tries to connect. */
export async function checkOrigin(at: Knock, { origins }: EndpointConfig): Promise<Verdict> {
  if (origins === '*') return skip('any page may connect (origins: "*")');
  const opened = await knock({ ...at, origin: FOREIGN_ORIGIN });
  if (!('status' in opened)) {
    opened.socket.terminate();
    return fail(
      `a page of ${FOREIGN_ORIGIN} may connect, and the configuration says it may not`,
      'the gateway runs with another `origins`, or a proxy replaces the Origin header',
    );
  }
  return opened.status === 403
    ? pass('403')
    : fail(`${opened.why} where 403 was expected`, 'see whether a proxy in front answers instead');
}

export async function checkWrongPath(base: string, timeoutMs: number): Promise<Verdict> {
  const url = `${base}/dragoman-doctor-${crypto.randomUUID()}`;
  const opened = await knock({ url, headers: {}, subprotocols: [], timeoutMs });
  if (!('status' in opened)) {
    opened.socket.terminate();
    return fail(
      'a WebSocket opens at a path that nobody configured',
      'see which server or proxy answers there',
    );
  }
  return opened.status === 404
    ? pass('404')
    : fail(`${opened.why} where 404 was expected`, 'see whether a proxy in front answers instead');
}

/** `.invalid` belongs to nobody (RFC 2606). */
const FOREIGN_ORIGIN = 'https://dragoman-doctor.invalid';
