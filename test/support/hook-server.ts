/** For the tests of hooks: servers of the business on loopback that answer as they are told. */
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export const HOOK_SECRET = `whsec_${Buffer.from('a key for tests that is 32 bytes').toString('base64')}`;

export interface HookRequest {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: { readonly type: string; readonly attempt: number; readonly data: HookData };
}

/** What the tests read of `data`. */
export interface HookData {
  readonly endpoint?: string;
  readonly content?: string;
  readonly clientId?: string;
  readonly message?: { readonly content: string; readonly from: { readonly id: string } };
  readonly user?: { readonly id: string };
  readonly online?: boolean;
}

export interface HookReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The socket is ended instead of an answer. */
  readonly hangUp?: boolean;
}

export interface HookServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly HookRequest[];
  /** The first request, past or to come, that satisfies the test. */
  request(test?: (request: HookRequest) => boolean): Promise<HookRequest>;
  /** Resolves once there have been so many. */
  count(atLeast: number): Promise<void>;
}

export async function listenOn(
  listener: RequestListener,
  port = 0,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** `reply` may wait as long as it likes. */
export async function hookServer(
  reply: (request: HookRequest) => HookReply | Promise<HookReply>,
  port = 0,
): Promise<HookServer> {
  const requests: HookRequest[] = [];
  const waiting = new Set<() => void>();
  const server = await listenOn(async (incoming, response) => {
    let text = '';
    for await (const chunk of incoming) text += String(chunk);
    const request: HookRequest = { headers: incoming.headers, text, body: JSON.parse(text) };
    requests.push(request);
    for (const look of [...waiting]) look();
    const { status = 200, headers = {}, body, hangUp = false } = await reply(request);
    if (hangUp) {
      incoming.socket.destroy();
      return;
    }
    response.writeHead(status, headers);
    response.end(body === undefined || typeof body === 'string' ? (body ?? '') : JSON.stringify(body));
  }, port);
  const until = <Value>(find: () => Value | undefined): Promise<Value> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return {
    url: server.url,
    requests,
    request: (test = () => true) => until(() => requests.find(test)),
    count: (atLeast) => until(() => (requests.length >= atLeast ? true : undefined)).then(() => undefined),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The YAML of one hook, to be put before the endpoints of a configuration. */
export const withHook =
  (url: string, settings: string) =>
  (yaml: string): string =>
    `${yaml}\nhooks:\n  it: { url: "${url}", secret: "${HOOK_SECRET}", allowPrivate: true, backoff: { first: 1ms, most: 2ms }, ${settings} }\n`;
