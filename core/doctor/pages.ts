/** Checks of the gateway as a whole: its certificate, its pages, its clock. */
import { connect } from 'node:tls';
import { fail, inMs, type Note, pass, quote, skip, type Verdict } from './finding.ts';
import type { Place } from './place.ts';

/** A certificate that ends sooner is a finding, ms. */
const SOON_MS = 7 * 86_400_000;
/** Clocks further apart than this let tokens look expired, or not yet good, ms. */
const MOST_SKEW_MS = 30_000;
/** Most of an answer that is read, characters. */
const MOST_TEXT = 4096;

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly date: string | null;
  readonly at: number;
}

async function get(url: string, timeoutMs: number): Promise<Answer | Error> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { signal, redirect: 'manual' });
    const at = Date.now();
    const text = (await response.text()).slice(0, MOST_TEXT);
    return { status: response.status, text, date: response.headers.get('date'), at };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Why a request failed, in a few words. */
export function whyOf(error: Error): string {
  const { cause } = error;
  if (error.name === 'TimeoutError') return 'there was no answer in time';
  if (cause instanceof Error) {
    const { code } = cause as NodeJS.ErrnoException;
    return quote(code ?? cause.message);
  }
  return quote((error as NodeJS.ErrnoException).code ?? error.message);
}

/** Whether anything answers there at all: what follows makes sense only then. */
export async function checkPages(place: Place, timeoutMs: number, note: Note): Promise<boolean> {
  const health = await get(`${place.http}/healthz`, timeoutMs);
  if (health instanceof Error) {
    const remedy = `start the gateway, or name where it is: dragoman doctor <url>`;
    note('health', fail(`${place.http}/healthz: ${whyOf(health)}`, remedy));
    return false;
  }
  note(
    'health',
    health.status === 200
      ? pass('answers 200')
      : fail(
          `answers ${health.status}`,
          'is this the gateway? A proxy in front of it has to pass /healthz on, or name the gateway itself',
        ),
  );
  note('ready', readiness(await get(`${place.http}/readyz`, timeoutMs)));
  note('clock', clock(health));
  return true;
}

function readiness(ready: Answer | Error): Verdict {
  if (ready instanceof Error) return fail(`/readyz: ${whyOf(ready)}`, 'see what the log of the gateway says');
  if (ready.status === 200) return pass('answers 200');
  const says = `answers ${ready.status}: ${quote(ready.text)}`;
  return fail(
    says,
    ready.text.includes('store')
      ? 'the store takes no writes: look at the disk of the data directory (space, rights) and at the log'
      : ready.text.includes('draining')
        ? 'the gateway is shutting down: wait for the new one'
        : 'see what the log of the gateway says',
  );
}

function clock({ date, at }: Answer): Verdict {
  const theirs = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(theirs)) return skip('the answer has no Date header');
  // The header has whole seconds, and tells of a moment before the answer came.
  const skew = theirs + 500 - at;
  const seconds = Math.abs(Math.round(skew / 1000));
  if (Math.abs(skew) <= MOST_SKEW_MS) return pass(seconds <= 1 ? 'agrees' : `${seconds} s apart`);
  return fail(
    `the gateway's clock is ${seconds} s ${skew < 0 ? 'behind' : 'ahead of'} the one here`,
    'set both by NTP: tokens made here are not yet good, or expired, there',
  );
}

/** False if nothing secret should be sent there. */
export async function checkCertificate(place: Place, timeoutMs: number, note: Note): Promise<boolean> {
  if (!place.isSecure) return true;
  const verdict = await certificate(place, timeoutMs);
  note('certificate', verdict.verdict);
  return verdict.isTrusted;
}

function certificate(
  { host, port }: Place,
  timeout: number,
): Promise<{ readonly verdict: Verdict; readonly isTrusted: boolean }> {
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof certificate>>>();
  // Looked at, not trusted: nothing is sent on this connection.
  const socket = connect({ host, port, rejectUnauthorized: false, servername: isAddress(host) ? '' : host });
  const broken = (reason: string): void => {
    resolve({
      verdict: fail(reason, 'is this a TLS port? See listen.tls, or the proxy in front'),
      isTrusted: false,
    });
    socket.destroy();
  };
  socket.setTimeout(timeout, () => broken('there was no TLS handshake in time'));
  socket.on('error', (error) => broken(whyOf(error)));
  socket.on('secureConnect', () => {
    const { valid_to: until } = socket.getPeerCertificate();
    resolve(judge(Date.parse(until), socket.authorizationError));
    socket.destroy();
  });
  return promise;
}

function judge(
  until: number,
  fault: Error | string | null | undefined,
): { readonly verdict: Verdict; readonly isTrusted: boolean } {
  const left = until - Date.now();
  const day = Number.isNaN(until) ? 'an unknown day' : new Date(until).toISOString().slice(0, 10);
  if (left <= 0) {
    return {
      verdict: fail(`it expired on ${day}`, 'renew it; the gateway reads listen.tls again on SIGHUP'),
      isTrusted: false,
    };
  }
  if (fault) {
    const code = fault instanceof Error ? ((fault as NodeJS.ErrnoException).code ?? fault.message) : fault;
    return {
      verdict: fail(
        `it is not trusted here: ${quote(code)}`,
        'name the authority that signed it (--ca <file>), and reach the gateway by a name that is on it',
      ),
      isTrusted: false,
    };
  }
  const days = Math.floor(left / 86_400_000);
  const verdict =
    left < SOON_MS
      ? fail(`it expires in ${days} days, on ${day}`, 'renew it now')
      : pass(`good until ${day}`);
  return { verdict, isTrusted: true };
}

const isAddress = (host: string): boolean => /^[\d.]+$|:/.test(host);

export const latency = (since: number): string => inMs(performance.now() - since);
