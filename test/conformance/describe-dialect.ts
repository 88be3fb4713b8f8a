/** The suite that every dialect passes, wherever it is registered. */
import { describe } from 'vitest';
import type { AnyDialect } from '../../core/dialect.ts';
import type { DialectVectors } from '../../core/dialect-vectors.ts';
import { describeCommon } from './common-suite.ts';
import { describeConversations } from './conversation-suite.ts';
import { describeFanout } from './fanout-suite.ts';
import { describeFolder } from './folder-suite.ts';
import { describeHostility } from './hostile-suite.ts';
import { describeWireVectors } from './wire-suite.ts';

/** @param folder the dialect's own, with a slash at its end */
export function describeDialect(dialect: AnyDialect, vectors: DialectVectors, folder: URL): void {
  describe(dialect.id, () => {
    describe('folder', () => describeFolder(dialect, folder));
    describe('wire', () => describeWireVectors(dialect, vectors));
    describe('conversations', () => describeConversations(dialect, vectors.conversations));
    describe('whatever comes', () => describeHostility(dialect, vectors));
    describeFanout(dialect, vectors);
    describeCommon(dialect, vectors);
  });
}
