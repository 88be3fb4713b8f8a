/** What one frame may be, by the endpoint's configuration. */
import type { EndpointContext } from '../../core/dialect.ts';
import type { Options } from './options.ts';

export interface DecoderLimits {
  /** Largest frame from its command to its NUL, in bytes. */
  readonly frameBytes: number;
  readonly headers: number;
  /** Longest header line without its line end, in bytes. */
  readonly headerBytes: number;
  readonly commandBytes: number;
  /** The end of a wire message ends a frame whose NUL was cut off. */
  readonly assumeEndOfMessage: boolean;
}

export function decoderLimits({ limits, options }: EndpointContext<Options>): DecoderLimits {
  return {
    frameBytes: limits.frame,
    headers: options.limits.headers,
    headerBytes: options.limits.headerBytes,
    commandBytes: options.limits.commandBytes,
    assumeEndOfMessage: options.assumeEndOfMessage,
  };
}
