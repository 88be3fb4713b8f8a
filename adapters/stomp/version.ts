/**
 * What differs between STOMP 1.0, 1.1 and 1.2, side by side. A connection chooses once; the codec and the
 * session share the choice through a `Link`, because header escapes depend on it.
 */
import { headerOf, type StompFrame } from './wire.ts';

export interface VersionRules {
  readonly version: '1.0' | '1.1' | '1.2';
  /**
   * A header name or value as it stands on the wire. What the version can't say (a line end in 1.0) becomes
   * a space, so that no value can end its line.
   */
  readonly escape: (text: string) => string;
  /** The other way; undefined for an escape that the version doesn't know, which is fatal [1.2, Value Encoding]. */
  readonly unescape: (text: string) => string | undefined;
  /** SUBSCRIBE and UNSUBSCRIBE need an `id`; in 1.0 the destination may stand for it. */
  readonly requiresSubscriptionId: boolean;
  /** NACK exists. */
  readonly nack: boolean;
  /** MESSAGE carries `ack` and ACK repeats it as `id`; before, ACK repeats `message-id`. */
  readonly ackHeader: boolean;
}

/** What would break a frame apart if it stood in a header as it is. */
const NEEDS_ESCAPE_1_2 = /[\\:\n\r\0]/;
const UNSAFE = /[\n\r\0]/g;

const ESCAPES_1_1: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  [':', '\\c'],
  ['\n', '\\n'],
  ['\r', ' '],
  ['\0', ' '],
]);
const ESCAPES_1_2: ReadonlyMap<string, string> = new Map([...ESCAPES_1_1, ['\r', '\\r']]);

const UNESCAPES_1_1: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['c', ':'],
  ['\\', '\\'],
]);
const UNESCAPES_1_2: ReadonlyMap<string, string> = new Map([...UNESCAPES_1_1, ['r', '\r']]);

const escaper = (escapes: ReadonlyMap<string, string>) => (text: string) =>
  NEEDS_ESCAPE_1_2.test(text)
    ? text.replace(/[\\:\n\r\0]/g, (character) => escapes.get(character) as string)
    : text;

const unescaper = (unescapes: ReadonlyMap<string, string>) => (text: string) => {
  let backslash = text.indexOf('\\');
  if (backslash < 0) return text;
  let plain = '';
  let from = 0;
  while (backslash >= 0) {
    const character = unescapes.get(text.charAt(backslash + 1));
    if (character === undefined) return undefined;
    plain += text.slice(from, backslash) + character;
    from = backslash + 2;
    backslash = text.indexOf('\\', from);
  }
  return plain + text.slice(from);
};

/** CONNECT and CONNECTED in every version, and all frames of 1.0: nothing is escaped. */
export const withoutLineEnds = (text: string): string => text.replace(UNSAFE, ' ');
const asItIs = (text: string): string => text;

export const STOMP_1_0: VersionRules = {
  version: '1.0',
  escape: withoutLineEnds,
  unescape: asItIs,
  requiresSubscriptionId: false,
  nack: false,
  ackHeader: false,
};
export const STOMP_1_1: VersionRules = {
  version: '1.1',
  escape: escaper(ESCAPES_1_1),
  unescape: unescaper(UNESCAPES_1_1),
  requiresSubscriptionId: true,
  nack: true,
  ackHeader: false,
};
export const STOMP_1_2: VersionRules = {
  version: '1.2',
  escape: escaper(ESCAPES_1_2),
  unescape: unescaper(UNESCAPES_1_2),
  requiresSubscriptionId: true,
  nack: true,
  ackHeader: true,
};

/** Highest first. */
export const VERSIONS: readonly VersionRules[] = [STOMP_1_2, STOMP_1_1, STOMP_1_0];

/** As `accept-version` and the `version` of ERROR list them [1.2, Protocol Negotiation]. */
export const VERSION_LIST = VERSIONS.map((rules) => rules.version).join(',');

/** The rules of the version that a server chose; undefined if it is none of ours. */
export function rulesOf(version: string): VersionRules | undefined {
  return VERSIONS.find((rules) => rules.version === version);
}

/**
 * The highest common version [1.2, Protocol Negotiation]. A missing header means 1.0; undefined: none in common.
 *
 * @param acceptVersion the `accept-version` header: versions separated by commas
 */
export function negotiate(acceptVersion: string | undefined): VersionRules | undefined {
  if (acceptVersion === undefined) return STOMP_1_0;
  const accepted = new Set(acceptVersion.split(',').map((version) => version.trim()));
  return VERSIONS.find((rules) => accepted.has(rules.version));
}

/** What the codec and the session of one connection know in common. */
export interface Link {
  /** 1.2 until CONNECT or CONNECTED has said otherwise. */
  rules: VersionRules;
  negotiated: boolean;
  /** Frames that have begun so far. */
  begun: number;
  /** Bytes held of a frame that has begun and not ended; 0: none. */
  incompleteBytes: number;
}

export const newLink = (): Link => ({ rules: STOMP_1_2, negotiated: false, begun: 0, incompleteBytes: 0 });

/** The first CONNECT, or the CONNECTED that answers it, settles the version for all frames behind it. */
export function agreeOnVersion(link: Link, frame: StompFrame): void {
  if (link.negotiated) return;
  const { command } = frame;
  if (command !== 'CONNECT' && command !== 'STOMP' && command !== 'CONNECTED') return;
  const rules =
    command === 'CONNECTED'
      ? rulesOf(headerOf(frame, 'version') ?? '1.0')
      : negotiate(headerOf(frame, 'accept-version'));
  if (rules !== undefined) link.rules = rules;
  link.negotiated = true;
}
