/** Which web pages may connect. A request without an Origin header comes from no browser and is allowed. */
import type { IncomingMessage } from 'node:http';

export type OriginRule = 'same' | '*' | readonly string[];

/** `same`: the origin's host and port are those that the request names in its Host header. */
export function isOriginAllowed(rule: OriginRule, request: Pick<IncomingMessage, 'headers'>): boolean {
  const { origin } = request.headers;
  if (origin === undefined || rule === '*') return true;
  if (rule !== 'same') return rule.includes(origin);
  return URL.canParse(origin) && new URL(origin).host === request.headers.host;
}
