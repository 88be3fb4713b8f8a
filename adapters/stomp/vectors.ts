/** The test vectors of this dialect; every shared suite runs them. */
import type { DialectVectors } from '../../core/dialect-vectors.ts';
import { accept } from './vectors/accept.ts';
import { acknowledgements } from './vectors/acknowledgements.ts';
import { atBrokers } from './vectors/client-broker.ts';
import { chatAtBrokers } from './vectors/client-broker-chat.ts';
import { commands } from './vectors/client-commands.ts';
import { logins } from './vectors/client-login.ts';
import { received } from './vectors/client-received.ts';
import { credentials } from './vectors/credentials.ts';
import { events } from './vectors/events.ts';
import { faults } from './vectors/faults.ts';
import { goodbyes } from './vectors/goodbyes.ts';
import { inbound } from './vectors/inbound.ts';
import { negotiation } from './vectors/negotiation.ts';
import { outbound } from './vectors/outbound.ts';
import { refusals } from './vectors/refusals.ts';
import { reject } from './vectors/reject.ts';
import { relays } from './vectors/relays.ts';
import { listeners, subscriptions } from './vectors/subscriptions.ts';
import { transactions } from './vectors/transactions.ts';

export const vectors: DialectVectors = {
  accept,
  reject,
  conversations: [
    ...credentials,
    ...negotiation,
    ...goodbyes,
    ...faults,
    ...inbound,
    ...refusals,
    ...subscriptions,
    ...listeners,
    ...outbound,
    ...events,
    ...acknowledgements,
    ...transactions,
    ...relays,
    ...logins,
    ...commands,
    ...received,
    ...atBrokers,
    ...chatAtBrokers,
  ],
};
