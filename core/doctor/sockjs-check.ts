/** Whether SockJS is served: what its clients ask first, and a session over a WebSocket. */
import { WebSocket } from 'ws';
import { fail, pass, quote, type Verdict } from './finding.ts';
import { firstOf, knock } from './handshake.ts';
import { whyOf } from './pages.ts';

const REMEDY = 'the proxy in front has to pass everything below the path on, as it is';

/** `http` and `ws` are the endpoint's addresses; `query` begins with `?` or is empty. */
export async function checkSockJs(
  at: { readonly http: string; readonly ws: string },
  query: string,
  timeoutMs: number,
): Promise<Verdict> {
  const info = await infoOf(`${at.http}/info`, timeoutMs);
  if (info !== undefined) return fail(info, REMEDY);
  const session = crypto.randomUUID().replaceAll('-', '').slice(0, 8);
  const url = `${at.ws}/000/${session}/websocket${query}`;
  const opened = await knock({ url, headers: {}, subprotocols: [], timeoutMs });
  if ('status' in opened) return fail(`a session over WebSocket: ${opened.why}`, REMEDY);
  const { socket } = opened;
  const first = await firstOf<string>(socket, timeoutMs, (done) => {
    void opened.first.then(done);
    socket.on('close', (code: number) => done(`closed with ${code}`));
  });
  if (socket.readyState === WebSocket.OPEN) socket.close(1000);
  const closed = await firstOf<number>(socket, timeoutMs, (done) => socket.on('close', done));
  socket.terminate();
  if (first !== 'o') return fail(`a session begins with ${quote(first ?? 'nothing')} instead of o`, REMEDY);
  return closed === undefined && socket.readyState === WebSocket.OPEN
    ? fail('a session does not end', REMEDY)
    : pass('info and a session over WebSocket');
}

async function infoOf(url: string, timeoutMs: number): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'manual' });
    if (response.status !== 200) return `info answers ${response.status}`;
    const info: unknown = await response.json();
    const offers =
      typeof info === 'object' && info !== null && 'websocket' in info && info.websocket === true;
    return offers ? undefined : 'info offers no WebSocket';
  } catch (error) {
    return `info: ${whyOf(error instanceof Error ? error : new Error(String(error)))}`;
  }
}
