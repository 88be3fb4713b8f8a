/** What a destination stands for: the chat's own ones, and those that the endpoint's options open. */
import { GatewayError } from '../../core/errors.ts';
import { MAX_ID_LENGTH } from '../../schemas/model.ts';
import type { DestinationOption } from './options.ts';

export const SEND_CHAT = '/app/chat.send';
export const REVOKE_CHAT = '/app/chat.revoke';
export const SYNC_CHAT = '/app/chat.sync';
export const INBOX = '/user/queue/messages';
export const ERRORS_QUEUE = '/user/queue/errors';
export const EVENTS_QUEUE = '/user/queue/events';
export const GROUP_PREFIX = '/topic/group/';

/** Where a subscription listens. Errors and events are local to the connection: core knows nothing of them. */
export type Place =
  | { readonly kind: 'inbox' | 'errors' | 'events' }
  | { readonly kind: 'group' | 'topic' | 'queue'; readonly id: string };

export const INBOX_PLACE: Place = { kind: 'inbox' };
const ERRORS_PLACE: Place = { kind: 'errors' };
const EVENTS_PLACE: Place = { kind: 'events' };

/** One of the chat's own destinations, by its exact name; undefined for any other. */
export function chatPlace(destination: string): Place | undefined {
  if (destination === INBOX) return INBOX_PLACE;
  if (destination === ERRORS_QUEUE) return ERRORS_PLACE;
  if (destination === EVENTS_QUEUE) return EVENTS_PLACE;
  if (destination.startsWith(GROUP_PREFIX) && destination.length > GROUP_PREFIX.length)
    return { kind: 'group', id: destination.slice(GROUP_PREFIX.length) };
  return undefined;
}

/** One segment of a pattern: a literal, or what stands before and after its placeholder. */
type Segment =
  | { readonly literal: string }
  | { readonly literal: undefined; readonly before: string; readonly after: string };

interface Rule {
  readonly segments: readonly Segment[];
  readonly kind: 'topic' | 'queue';
  readonly send: boolean;
  readonly subscribe: boolean;
  readonly users: ReadonlySet<string> | undefined;
}

/** What is wrong with a pattern, or undefined. */
export function patternFault(pattern: string): string | undefined {
  if (!pattern.startsWith('/')) return 'must begin with /';
  if (hasWildcard(pattern)) return 'must not contain the wildcards * and >, or # as a part';
  for (const segment of pattern.split('/')) {
    const open = segment.indexOf('{');
    const close = segment.indexOf('}');
    if (open < 0 && close < 0) continue;
    if (open < 0 || close < open + 2) return 'a placeholder is a name in braces, such as {name}';
    if (segment.indexOf('{', open + 1) >= 0 || segment.indexOf('}', close + 1) >= 0)
      return 'a segment has at most one placeholder';
  }
  return undefined;
}

function compileSegment(segment: string): Segment {
  const open = segment.indexOf('{');
  if (open < 0) return { literal: segment };
  return {
    literal: undefined,
    before: segment.slice(0, open),
    after: segment.slice(segment.indexOf('}') + 1),
  };
}

function fits(segments: readonly Segment[], destination: string): boolean {
  let from = 0;
  for (const [index, segment] of segments.entries()) {
    const slash = destination.indexOf('/', from);
    const last = index === segments.length - 1;
    if (slash < 0 !== last) return false;
    const part = last ? destination.slice(from) : destination.slice(from, slash);
    if (segment.literal === undefined) {
      const { before, after } = segment;
      if (part.length <= before.length + after.length) return false;
      if (!part.startsWith(before) || !part.endsWith(after)) return false;
    } else if (part !== segment.literal) return false;
    from = slash + 1;
  }
  return true;
}

/** The wildcards of the brokers that clients may have been written for. Here a destination is exact. */
function hasWildcard(destination: string): boolean {
  if (destination.includes('*') || destination.includes('>')) return true;
  return destination.includes('#') && destination.split(/[./]/).includes('#');
}

/** The endpoint's destinations, compiled once. */
export class Destinations {
  readonly #rules: readonly Rule[];

  constructor(options: readonly DestinationOption[]) {
    this.#rules = options.map((option) => ({
      segments: option.pattern.split('/').map(compileSegment),
      kind: option.kind,
      send: option.send === 'anyone',
      subscribe: option.subscribe === 'anyone',
      users: option.users === undefined ? undefined : new Set(option.users),
    }));
  }

  /**
   * What a SUBSCRIBE listens to.
   *
   * @throws GatewayError forbidden, for wildcards, other users' queues and whatever is not open to the user
   */
  toSubscribe(destination: string, user: string): Place {
    const place = chatPlace(destination);
    refuseWildcards(destination);
    if (place !== undefined) {
      if (place.kind === 'group') refuseLong(place.id);
      return place;
    }
    const rule = this.#find(destination);
    if (rule?.subscribe !== true || !admits(rule, user)) throw closed(destination, 'subscribed to');
    return { kind: rule.kind, id: destination };
  }

  /**
   * Where a SEND outside /app goes.
   *
   * @throws GatewayError forbidden
   */
  toSend(destination: string, user: string): 'topic' | 'queue' {
    refuseWildcards(destination);
    const rule = chatPlace(destination) === undefined ? this.#find(destination) : undefined;
    if (rule?.send !== true || !admits(rule, user)) throw closed(destination, 'sent to');
    return rule.kind;
  }

  #find(destination: string): Rule | undefined {
    if (destination.length > MAX_ID_LENGTH) return undefined;
    return this.#rules.find((rule) => fits(rule.segments, destination));
  }
}

const admits = (rule: Rule, user: string): boolean => rule.users === undefined || rule.users.has(user);

function refuseWildcards(destination: string): void {
  if (hasWildcard(destination))
    throw new GatewayError('forbidden', { detail: 'destinations are exact; wildcards are not served' });
}

function refuseLong(id: string): void {
  if (id.length > MAX_ID_LENGTH)
    throw new GatewayError('forbidden', { detail: `an id has at most ${MAX_ID_LENGTH} characters` });
}

const closed = (destination: string, verb: string): GatewayError =>
  new GatewayError('forbidden', {
    detail: `${JSON.stringify(destination.slice(0, 80))} cannot be ${verb} here`,
  });
