/**
 * How a receiver knows that a request is this gateway's and new: the headers and the signature of the Standard
 * Webhooks specification, https://www.standardwebhooks.com
 */
import { createHmac } from 'node:crypto';
import { keyOfSecret } from '../../schemas/config/outbound.ts';

/** The id stays the same in each attempt of one question; time and signature are each attempt's own. */
export interface SignatureHeaders extends Readonly<Record<string, string>> {
  readonly 'webhook-id': string;
  /** Epoch seconds. */
  readonly 'webhook-timestamp': string;
  /** `v1,` and the base64 of an HMAC-SHA256 of `<id>.<timestamp>.<body>`, one for each secret, blanks between. */
  readonly 'webhook-signature': string;
}

export type Sign = (id: string, body: string, epochMs: number) => SignatureHeaders;

export function signer(secrets: readonly string[]): Sign {
  const keys = secrets.map(keyOfSecret);
  return (id, body, epochMs) => {
    const seconds = String(Math.floor(epochMs / 1000));
    const signed = `${id}.${seconds}.${body}`;
    return {
      'webhook-id': id,
      'webhook-timestamp': seconds,
      'webhook-signature': keys
        .map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
        .join(' '),
    };
  };
}
