/** Asking an HTTP server without trusting it: a deadline over everything, no redirects, a bounded answer. */
import { Agent, type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { type AddressGuard, AddressRefused } from './addresses.ts';

export interface BoundedRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole exchange, ms. */
  readonly timeoutMs: number;
  /** Largest body of the answer. */
  readonly maxBytes: number;
  /** Gives up earlier. */
  readonly signal?: AbortSignal | undefined;
}

export interface BoundedAnswer {
  readonly status: number;
  readonly text: string;
}

export type FetchFault = 'timeout' | 'unreachable' | 'too_large' | 'address_refused';

/** What kept a whole answer from coming. */
export class FetchError extends Error {
  readonly fault: FetchFault;
  /** A socket kept from an earlier request was closed by the server meanwhile: a new one may do. */
  readonly stale: boolean;

  constructor(fault: FetchFault, message: string, options: { cause?: unknown; stale?: boolean } = {}) {
    super(message, { cause: options.cause });
    this.name = 'FetchError';
    this.fault = fault;
    this.stale = options.stale === true;
  }
}

/** The sockets of one caller, kept between its requests. A guard says to which addresses they may lead. */
export class HttpClient {
  readonly #guard: AddressGuard;
  readonly #agents = { 'http:': new Agent({ keepAlive: true }), 'https:': new TlsAgent({ keepAlive: true }) };

  constructor(guard: AddressGuard) {
    this.#guard = guard;
  }

  /** @throws FetchError whatever kept the whole answer from coming in time */
  fetch(url: string, request: BoundedRequest): Promise<BoundedAnswer> {
    const { protocol } = new URL(url);
    return exchange(url, request, this.#agents[protocol === 'https:' ? 'https:' : 'http:'], this.#guard);
  }

  /** Ends every socket, those in use too. What is asked afterwards gets a new one. */
  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }
}

/** One request on a socket of its own. @throws FetchError whatever kept the whole answer from coming in time */
export function boundedFetch(
  url: string,
  request: BoundedRequest,
  guard: AddressGuard,
): Promise<BoundedAnswer> {
  return exchange(url, request, false, guard);
}

async function exchange(
  url: string,
  request: BoundedRequest,
  agent: Agent | false,
  guard: AddressGuard,
): Promise<BoundedAnswer> {
  const target = new URL(url);
  const { method, headers, body = '', timeoutMs, maxBytes } = request;
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
  const send = target.protocol === 'https:' ? tlsRequest : plainRequest;
  let isAnswered = false;
  let isReused = false;
  try {
    guard.checkHost(target.hostname);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = send(target, {
        method,
        headers: method === 'GET' ? headers : { ...headers, 'content-length': Buffer.byteLength(body) },
        agent,
        signal,
        lookup: guard.lookup,
      });
      outgoing.on('response', resolve);
      outgoing.on('error', (error) => {
        isReused = outgoing.reusedSocket;
        reject(error);
      });
      outgoing.end(body);
    });
    isAnswered = true;
    return { status: response.statusCode ?? 0, text: await textOf(response, maxBytes) };
  } catch (error) {
    if (error instanceof FetchError) throw error;
    if (error instanceof AddressRefused)
      throw new FetchError('address_refused', error.message, { cause: error });
    if (signal.aborted) {
      throw new FetchError('timeout', 'no whole answer in time', { cause: error });
    }
    const { code, message } = error as NodeJS.ErrnoException;
    const stale = !isAnswered && isReused && (code === 'ECONNRESET' || code === 'EPIPE');
    throw new FetchError('unreachable', code ?? message, { cause: error, stale });
  }
}

/** @throws FetchError too_large */
async function textOf(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response) {
    const bytes = chunk as Uint8Array;
    length += bytes.length;
    // Leaving the loop ends the socket.
    if (length > maxBytes) throw new FetchError('too_large', `the answer is larger than ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
