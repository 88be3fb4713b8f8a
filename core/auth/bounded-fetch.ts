/** Asking an HTTP server without trusting it: a deadline over everything, no redirects, a bounded answer. */

export interface BoundedRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole exchange, ms. */
  readonly timeoutMs: number;
  /** Largest body of the answer. */
  readonly maxBytes: number;
}

export interface BoundedAnswer {
  readonly status: number;
  readonly text: string;
}

/** @throws Error whatever kept the whole answer from coming in time */
export async function boundedFetch(url: string, request: BoundedRequest): Promise<BoundedAnswer> {
  const { method, headers, body, timeoutMs, maxBytes } = request;
  const response = await fetch(url, {
    method,
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
    ...(body === undefined ? {} : { body }),
  });
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    const bytes = chunk as Uint8Array;
    length += bytes.length;
    // Leaving the loop cancels the body.
    if (length > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  return { status: response.status, text: new TextDecoder().decode(Buffer.concat(chunks)) };
}
