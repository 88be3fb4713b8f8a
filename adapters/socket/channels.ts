/** Channel names and what they stand for. Plain string operations; ids of users are those on the wire. */
import { GatewayError } from '../../core/errors.ts';
import { MAX_ID_LENGTH, type Target } from '../../schemas/model.ts';

/** Stands for the id in a pattern. */
export const PLACEHOLDER = '{id}';

/** Ids of the open groups behind channel names that no pattern matches begin with this. */
export const OPEN_GROUP_PREFIX = 'channel:';

/** Channels of this prefix need a signature [source: 频道说明]. */
export const PRIVATE_PREFIX = 'private-';

export interface ChannelPattern {
  readonly pattern: string;
  readonly target: 'user' | 'group';
}

interface CompiledPattern {
  readonly prefix: string;
  readonly suffix: string;
  readonly target: 'user' | 'group';
}

export class ChannelMap {
  readonly #patterns: readonly CompiledPattern[];

  /** Each pattern contains the placeholder exactly once; the first that matches a name wins. */
  constructor(patterns: readonly ChannelPattern[]) {
    this.#patterns = patterns.map(({ pattern, target }) => {
      const at = pattern.indexOf(PLACEHOLDER);
      return { prefix: pattern.slice(0, at), suffix: pattern.slice(at + PLACEHOLDER.length), target };
    });
  }

  /**
   * What a name stands for, or why it stands for nothing (returned, not thrown):
   * `frame_malformed` for an id that is empty or too long, `forbidden` for a pattern's id that would be
   * another channel's open group: `group:channel:private-x` must not open `private-x` without its signature.
   */
  resolve(name: string): Target | GatewayError {
    for (const { prefix, suffix, target } of this.#patterns) {
      if (!name.startsWith(prefix) || !name.endsWith(suffix)) continue;
      const idLength = name.length - prefix.length - suffix.length;
      if (idLength < 0) continue;
      // An empty id is mostly a client's unset variable: as an open channel it would mix strangers.
      if (idLength === 0) return new GatewayError('frame_malformed', { detail: 'the channel names no id' });
      const id = name.slice(prefix.length, prefix.length + idLength);
      if (target === 'group' && id.startsWith(OPEN_GROUP_PREFIX)) {
        return new GatewayError('forbidden', { detail: 'this channel has another name' });
      }
      return sized({ type: target, id });
    }
    return sized({ type: 'group', id: OPEN_GROUP_PREFIX + name });
  }

  /** The first name that stands for exactly this target; undefined if there is none. */
  nameOf(target: Target): string | undefined {
    if (target.type === 'group' && target.id.startsWith(OPEN_GROUP_PREFIX)) {
      return this.#checked(target.id.slice(OPEN_GROUP_PREFIX.length), target);
    }
    for (const pattern of this.#patterns) {
      if (pattern.target !== target.type) continue;
      const name = this.#checked(pattern.prefix + target.id + pattern.suffix, target);
      if (name !== undefined) return name;
    }
    return undefined;
  }

  #checked(name: string, target: Target): string | undefined {
    if (name.length === 0) return undefined;
    const found = this.resolve(name);
    return !(found instanceof GatewayError) && found.type === target.type && found.id === target.id
      ? name
      : undefined;
  }
}

const sized = (target: Target): Target | GatewayError =>
  target.id.length <= MAX_ID_LENGTH
    ? target
    : new GatewayError('frame_malformed', { detail: 'the channel name is too long' });
