/** Where the gateway listens, and behind which proxies. */
import { z } from 'zod';
import { count, duration } from './units.ts';

const EXPECTED_PROXY = 'expected an address or a network such as "10.0.0.0/8", "192.0.2.7" or "fd00::/8"';
const TrustedProxy = z
  .union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], { error: EXPECTED_PROXY })
  .refine((network) => !network.endsWith('/0'), { error: 'would believe everybody; name the proxies' });

const Tls = z
  .strictObject({
    certificate: z
      .string()
      .min(1)
      .describe('PEM file of the certificate, followed by those between it and the root.'),
    key: z.string().min(1).describe('PEM file of its private key, without a passphrase.'),
    watch: z
      .union([z.literal('never'), duration({ min: '100ms', max: '1 day' })], {
        error: 'expected a duration such as "10s", or "never"',
      })
      .transform((value) => (value === 'never' ? null : value))
      .prefault('10s')
      .describe(
        'How often the files are looked at. Changed ones serve new connections, as they do after a SIGHUP; a pair that does not fit is reported and not used.',
      ),
  })
  .readonly();
export type TlsConfig = z.infer<typeof Tls>;

export const Listen = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe(
        'Address to listen on: 127.0.0.1 is this machine only, 0.0.0.0 every IPv4 interface, :: every interface.',
      ),
    port: count({ min: 0, max: 65_535 }).default(8080).describe('TCP port; 0 takes a free one.'),
    trustProxy: z
      .array(TrustedProxy)
      .max(256)
      .readonly()
      .prefault([])
      .describe(
        "Proxies whose X-Forwarded-For is believed, as addresses or networks: limits by address then count the client's own.",
      ),
    tls: Tls.exactOptional().describe('Speak https and wss. Without it a proxy has to.'),
  })
  .readonly();
export type ListenConfig = z.infer<typeof Listen>;
