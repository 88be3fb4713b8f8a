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
        addresses: count({ min: 1, max: 10_000_000 })
          .default(100_000)
          .describe(
            'Addresses whose bad credentials and bans are remembered. Beyond it the oldest is forgotten, ban or not, which is counted.',
          ),
      })
      .readonly()
      .prefault({})
      .describe('What guessing costs.'),
    handshake: duration({ min: '100ms', max: '10min' })
      .prefault('10s')
      .describe(
        'Time for the TLS handshake, and then for the head of an HTTP request, from the opening of the socket.',
      ),
    request: duration({ min: '100ms', max: '1h' })
      .prefault('30s')
      .describe(
        'Time for a whole HTTP request, its body included; never less than `handshake`. A slower one is answered with 408.',
      ),
    keepAlive: duration({ min: '100ms', max: '1h' })
      .prefault('72s')
      .describe(
        'How long a socket without a request is kept for the next one. Longer than the proxy in front keeps its own.',
      ),
    told: count({ min: 0, max: 1_000_000 })
      .default(64)
      .describe(
        'Connections over `connectionsPerAddress`, and over `connections` of an endpoint, that are opened at a time only to be told so in their dialect. Further ones are refused before they open (429, 503).',
      ),
  })
  .readonly();
export type AdmissionLimits = z.infer<typeof Admission>;
