/** A headless Chromium, and pages on loopback that load the old clients' libraries. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const chromiumIsHere = existsSync(EXECUTABLE);
/** Where nobody would read that tests were skipped, a missing browser is an error. */
export const chromiumIsRequired = process.env.CI === 'true';
export const WITHOUT_CHROMIUM = `skipped: no Chromium at ${EXECUTABLE}; install it or set CHROMIUM`;

/** Starts Chromium with a fresh profile of its own. It talks to nobody but the pages' servers. */
export function launchChromium(): Promise<Browser> {
  if (!chromiumIsHere) throw new Error(`CI needs Chromium, and there is none at ${EXECUTABLE}`);
  return chromium.launch({
    executablePath: EXECUTABLE,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

const packages = join(import.meta.dirname, '../../node_modules');
const script = (path: string): readonly [type: string, text: string] => [
  'text/javascript',
  readFileSync(join(packages, path), 'utf8'),
];
const FILES = new Map<string, readonly [type: string, text: string]>([
  [
    '/page',
    [
      'text/html',
      '<!doctype html><meta charset="utf-8"><title>chat</title><script src="/stomp.js"></script><script src="/sockjs.js"></script>',
    ],
  ],
  ['/stomp.js', script('@stomp/stompjs/bundles/stomp.umd.js')],
  ['/sockjs.js', script('sockjs-client/dist/sockjs.js')],
]);

export interface Site {
  /** `http://127.0.0.1:<port>`: the origin of its pages. */
  readonly origin: string;
  /** The same with `ws:`. */
  readonly ws: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A web server with the page. With a gateway it is the common front door of both, as a reverse proxy is:
 * everything else is passed on with the `Host` that the browser named.
 */
export async function openSite(gateway?: string): Promise<Site> {
  const port = gateway === undefined ? undefined : Number(new URL(gateway).port);
  const server = createServer((request, response) => {
    const file = FILES.get(request.url ?? '');
    if (file !== undefined) response.writeHead(200, { 'content-type': file[0] }).end(file[1]);
    else if (port === undefined) response.writeHead(404).end();
    else {
      const { method, url, headers } = request;
      const passed = httpRequest({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(response);
      });
      passed.on('error', () => response.destroy());
      response.on('close', () => passed.destroy());
      request.pipe(passed);
    }
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (port === undefined) socket.destroy();
    else passUpgrade(request, { socket, head, port });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, ws: origin.replace(/^http/, 'ws'), [Symbol.asyncDispose]: () => shut(server) };
}

function passUpgrade(
  request: IncomingMessage,
  { socket, head, port }: { readonly socket: Socket; readonly head: Buffer; readonly port: number },
): void {
  const inner = connect(port, '127.0.0.1');
  const lines = [`${request.method} ${request.url} HTTP/1.1`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    lines.push(`${request.rawHeaders[index]}: ${request.rawHeaders[index + 1]}`);
  }
  inner.write(`${lines.join('\r\n')}\r\n\r\n`);
  inner.write(head);
  inner.pipe(socket).pipe(inner);
  inner.on('error', () => socket.destroy());
  socket.on('error', () => inner.destroy());
}

function shut(server: Server): Promise<void> {
  return new Promise((closed) => {
    server.close(() => closed());
    server.closeAllConnections();
  });
}
