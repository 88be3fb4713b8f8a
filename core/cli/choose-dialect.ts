/** The dialect that a command names. */
import { didYouMean } from '../../schemas/config/suggest.ts';
import type { AnyDialect } from '../dialect.ts';
import { CommandFailure } from './failure.ts';

/** @throws CommandFailure that says which there are */
export function chooseDialect(dialects: readonly AnyDialect[], id: string): AnyDialect {
  const dialect = dialects.find((known) => known.id === id);
  if (dialect !== undefined) return dialect;
  const ids = dialects.map((known) => known.id);
  const near = didYouMean(id, ids).slice(1);
  const text = `there is no dialect ${JSON.stringify(id)};${near} there are: ${ids.join(', ')}`;
  throw new CommandFailure(text);
}
