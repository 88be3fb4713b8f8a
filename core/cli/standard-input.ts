/** Reading what is piped or typed into a command. */
import { CommandFailure } from './failure.ts';

/** Most that is read, in bytes: a command holds all of it in memory. */
const MAX_INPUT_BYTES = 16 * 1024 * 1024;

/**
 * All of a stream, as text.
 *
 * @throws CommandFailure if it is longer than 16 MiB, or no UTF-8
 */
export async function readInput(stream: AsyncIterable<Uint8Array | string>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array);
    length += bytes.length;
    if (length > MAX_INPUT_BYTES)
      throw new CommandFailure(`standard input has more than ${MAX_INPUT_BYTES} bytes`);
    chunks.push(bytes);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new CommandFailure('standard input is not UTF-8 text');
  }
}
