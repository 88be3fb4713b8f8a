/** The options of a `json` endpoint. Each is a decision of ours where the source is silent; see PROTOCOL.md. */
import { z } from 'zod';

export const JsonOptions = z.strictObject({
  kickDelayMs: z
    .int()
    .min(0)
    .max(60_000)
    .default(200)
    .describe('Time between `kick` and the close of a replaced connection, ms; 0 closes at once.'),
  senderInSingle: z
    .boolean()
    .default(true)
    .describe('Add `from_name` and `from_avatar` to single messages too, not only to group messages.'),
  replayMissed: z
    .boolean()
    .default(true)
    .describe('Send what the user missed after `auth_success`, as ordinary `message` frames.'),
  pingIntervalMs: z
    .int()
    .min(0)
    .max(3_600_000)
    .default(30_000)
    .describe('As the client of an upstream: time between two `ping` frames, ms; 0 sends none.'),
});
export type JsonOptions = z.infer<typeof JsonOptions>;
