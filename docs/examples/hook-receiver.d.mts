import type { IncomingHttpHeaders, RequestListener } from 'node:http';

export type Found = 'good' | 'forged' | 'too old' | 'replayed';

export function makeVerifier(
  secret: string,
  now?: () => number,
): (headers: IncomingHttpHeaders, body: Uint8Array) => Found;

export function makeReceiver(
  secret: string,
  options?: {
    readonly handle?: (type: string, data: Record<string, unknown>) => unknown;
    readonly now?: () => number;
  },
): (...request: Parameters<RequestListener>) => Promise<void>;
