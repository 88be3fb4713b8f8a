/** Bounds on who may come in, and how often: of the whole gateway, by the client's address and by user. */
import { z } from 'zod';
import { count, duration } from './units.ts';

export const Admission = z
  .strictObject({
    connectionsPerAddress: count({ min: 1, max: 10_000_000 })
      .default(10_000)
      .describe(
        'Connections from one address (of IPv6: one /64) at a time. Further ones are told so and closed with 1008.',
      ),
    connectionsPerUser: count({ min: 1, max: 1_000_000 })
      .default(100)
      .describe('Connections of one user at a time, over all endpoints. A further login is refused (1008).'),
    commandsPerUser: z
      .strictObject({
        perSecond: count({ min: 1, max: 1_000_000 })
          .default(200)
          .describe('Commands a second that a user may send in the long run, over all connections.'),
        burst: count({ min: 1, max: 1_000_000 })
          .default(400)
          .describe('Commands that a user may send at once after a pause.'),
      })
      .readonly()
      .prefault({})
      .describe(
        'How often a user may send, besides `rate` of each connection. More is refused (rate_limited).',
      ),
    failedLogins: z
      .strictObject({
        attempts: count({ min: 1, max: 1_000_000 })
          .default(30)
          .describe('Bad credentials from one address within the window that lead to a ban.'),
        window: duration({ min: '1s', max: '1 day' })
          .prefault('1min')
          .describe('How long a bad credential counts.'),
        ban: duration({ min: '100ms', max: '7 days' })
          .prefault('1min')
          .describe('How long nobody can log in from the address. Who is logged in already stays.'),
      })
      .readonly()
      .prefault({})
      .describe('What guessing costs.'),
    handshake: duration({ min: '100ms', max: '10min' })
      .prefault('10s')
      .describe(
        'Time for the TLS handshake, and then for the head of an HTTP request, from the opening of the socket.',
      ),
  })
  .readonly();
export type AdmissionLimits = z.infer<typeof Admission>;
