/** Every vector of the dialect; the shared suites run them. */
import type { DialectVectors } from '../../core/dialect-vectors.ts';
import { conversations as asking } from './vectors-client.ts';
import { conversations as events } from './vectors-events.ts';
import { accept, reject } from './vectors-frames.ts';
import { conversations as logins } from './vectors-login.ts';
import { conversations as rooms } from './vectors-rooms.ts';

export const vectors: DialectVectors = {
  accept,
  reject,
  conversations: [...logins, ...rooms, ...events, ...asking],
};
