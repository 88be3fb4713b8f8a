/** Every vector of the dialect; the shared suites run them. */
import type { DialectVectors } from '../../core/dialect-vectors.ts';
import { accept } from './vectors/accept.ts';
import { conversations as channels } from './vectors/channels.ts';
import { conversations as clientCommands } from './vectors/client-commands.ts';
import { conversations as clientEvents } from './vectors/client-events.ts';
import { conversations as clientLogin } from './vectors/client-login.ts';
import { conversations as clientReadings } from './vectors/client-readings.ts';
import { conversations as clientRequests } from './vectors/client-requests.ts';
import { conversations as deliveries } from './vectors/deliveries.ts';
import { conversations as endings } from './vectors/endings.ts';
import { conversations as heartbeats } from './vectors/heartbeats.ts';
import { conversations as login } from './vectors/login.ts';
import { conversations as messages } from './vectors/messages.ts';
import { conversations as privateChannels } from './vectors/private-channels.ts';
import { reject } from './vectors/reject.ts';
import { conversations as serverEvents } from './vectors/server-events.ts';
import { conversations as subscriptions } from './vectors/subscriptions.ts';

export const vectors: DialectVectors = {
  accept,
  reject,
  conversations: [
    ...login,
    ...heartbeats,
    ...subscriptions,
    ...channels,
    ...privateChannels,
    ...messages,
    ...clientEvents,
    ...deliveries,
    ...serverEvents,
    ...endings,
    ...clientLogin,
    ...clientRequests,
    ...clientCommands,
    ...clientReadings,
  ],
};
