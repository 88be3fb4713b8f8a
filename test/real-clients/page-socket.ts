/** A WebSocket of the browser's own, in a page, driven from the test. */
import type { Page } from 'playwright-core';
import { Awaited } from './awaited.ts';

export interface PageClose {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

export interface PageSocket {
  readonly received: Awaited<string>;
  /** The next message that satisfies the test, parsed as JSON. */
  json(test?: (frame: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  send(frame: string | object): Promise<void>;
  /** What the page's `close` event says. */
  readonly closed: Promise<PageClose>;
}

interface Report {
  readonly id: number;
  readonly message?: string;
  readonly closed?: PageClose;
}

/** What the functions that run in the page find there. */
interface PageGlobals {
  sockets: Map<number, WebSocket>;
  report(report: Report): Promise<void>;
}

/** Lets a page open WebSockets and tell about them. Call it once for each page. */
export async function socketsOf(page: Page): Promise<(url: string) => Promise<PageSocket>> {
  const listeners = new Map<number, (report: Report) => void>();
  await page.exposeFunction('report', (report: Report) => listeners.get(report.id)?.(report));
  return async (url) => {
    const id = listeners.size;
    const received = new Awaited<string>();
    const { promise: closed, resolve: close } = Promise.withResolvers<PageClose>();
    listeners.set(id, (report) => {
      if (report.message !== undefined) received.push(report.message);
      if (report.closed !== undefined) {
        close(report.closed);
        received.end(`closed with ${report.closed.code} ${report.closed.reason}`);
      }
    });
    await page.evaluate(
      ({ id, url }) => {
        const globals = globalThis as unknown as PageGlobals;
        const socket = new WebSocket(url);
        globals.sockets ??= new Map();
        globals.sockets.set(id, socket);
        socket.addEventListener('message', ({ data }) => globals.report({ id, message: String(data) }));
        socket.addEventListener('close', ({ code, reason, wasClean }) =>
          globals.report({ id, closed: { code, reason, wasClean } }),
        );
      },
      { id, url },
    );
    const parse = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
    return {
      received,
      closed,
      json: async (test = () => true) => parse(await received.next((text) => test(parse(text)))),
      send: (frame) =>
        page.evaluate(({ id, text }) => (globalThis as unknown as PageGlobals).sockets.get(id)?.send(text), {
          id,
          text: typeof frame === 'string' ? frame : JSON.stringify(frame),
        }),
    };
  };
}
