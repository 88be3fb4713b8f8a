/** Where the gateway is. */
import type { Config } from '../../schemas/config.ts';

export interface Place {
  /** Without a slash at the end: `http://127.0.0.1:8080`. */
  readonly http: string;
  /** The same for WebSockets: `ws://127.0.0.1:8080`. */
  readonly ws: string;
  readonly isSecure: boolean;
  readonly host: string;
  readonly port: number;
}

/** Undefined if the text is no address of a gateway. */
export function placeOf({ listen }: Config, url: string | undefined): Place | undefined {
  const text =
    url ?? `${listen.tls === undefined ? 'http' : 'https'}://${hostOf(listen.host)}:${listen.port}`;
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, port, pathname, username } = new URL(text);
  if (!/^(?:https?|wss?):$/.test(protocol) || username !== '') return undefined;
  const isSecure = protocol === 'https:' || protocol === 'wss:';
  const rest = `//${hostname}${port === '' ? '' : `:${port}`}${pathname.replace(/\/+$/, '')}`;
  return {
    http: `${isSecure ? 'https' : 'http'}:${rest}`,
    ws: `${isSecure ? 'wss' : 'ws'}:${rest}`,
    isSecure,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isSecure ? 443 : 80) : Number(port),
  };
}

/** Who listens everywhere is reached here. */
function hostOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
