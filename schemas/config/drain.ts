/** How clients are asked to go: at a stop, and where a reload has changed or removed their endpoint. */
import { z } from 'zod';
import { duration } from './units.ts';

export const Drain = z
  .strictObject({
    window: duration({ min: '0ms', max: '1h' })
      .prefault('5s')
      .describe(
        'Over how long the goodbyes are spread, at random, so that not all clients come back at once. 0: all at once, as after Ctrl-C.',
      ),
    timeout: duration({ min: '100ms', max: '2h' })
      .prefault('20s')
      .describe('When whoever is still connected is ended without further ado, from the beginning.'),
  })
  .refine(({ window, timeout }) => timeout >= window, {
    path: ['timeout'],
    error: 'must not be shorter than `window`',
  })
  .readonly();
export type DrainConfig = z.infer<typeof Drain>;
