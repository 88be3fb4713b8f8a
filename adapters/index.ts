/** The registry: one line per dialect. */
import type { AnyDialect } from '../core/dialect.ts';
import { jsonDialect } from './json/index.ts';
import { ourchatDialect } from './ourchat/index.ts';
import { roomDialect } from './room/index.ts';
import { socketDialect } from './socket/index.ts';
import { stompDialect } from './stomp/index.ts';

export const dialects: readonly AnyDialect[] = [
  jsonDialect,
  roomDialect,
  socketDialect,
  ourchatDialect,
  stompDialect,
];
