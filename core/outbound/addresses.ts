/**
 * Which addresses the gateway may send requests to. A name is checked by what it resolves to, at the moment of the
 * connection: what it resolved to a moment ago says nothing (DNS rebinding).
 */
import { type LookupAddress, lookup as lookUpName } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** `dns.lookup` with all addresses; tests give their own. */
export type Resolve = (
  name: string,
  options: { readonly all: true; readonly family?: number | undefined; readonly hints?: number | undefined },
  done: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

/** An address, or all that a name resolves to, may not be asked. */
export class AddressRefused extends Error {}

export interface AddressGuard {
  allows(address: string): boolean;
  /** For `net.connect`: gives only those addresses of a name that are allowed, else AddressRefused. */
  readonly lookup: LookupFunction;
  /** `net.connect` looks up no address that is one already. @throws AddressRefused */
  checkHost(hostname: string): void;
}

type Network = readonly [address: string, prefix: number];

/** Loopback and private use: a server of the business may well be there. */
const PRIVATE: readonly Network[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['::1', 128],
  ['fc00::', 7],
];

/** Not global in the IANA registries of special-purpose addresses (RFC 6890), and metadata services of clouds. */
const NEVER_PUBLIC: readonly Network[] = [
  ['0.0.0.0', 8],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['fd00:ec2::', 32],
  ['fd20:ce::', 32],
  // Parts of the global unicast block; 6to4 and Teredo lead to IPv4 addresses that nobody would check.
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];
/** All other IPv6 that is not listed above is no public address, NAT64 included. */
const PUBLIC_IPV6: readonly Network[] = [['2000::', 3]];

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

function networks(list: readonly Network[]): BlockList {
  const blocks = new BlockList();
  for (const [address, prefix] of list) blocks.addSubnet(address, prefix, familyOf(address));
  return blocks;
}

const privateNetworks = networks(PRIVATE);
const neverPublic = networks(NEVER_PUBLIC);
const publicIpv6 = networks(PUBLIC_IPV6);

function parsed(text: string): Network {
  const [address = '', prefix] = text.split('/');
  return [address, prefix === undefined ? (isIP(address) === 6 ? 128 : 32) : Number(prefix)];
}

/** IPv4 written as IPv6 (`::ffff:…`), in whatever spelling: the kernel connects to the IPv4 address. */
const MAPPED = networks([['::ffff:0:0', 96]]);

export function addressGuard(
  allowPrivate: boolean | readonly string[],
  resolve: Resolve = lookUpName,
): AddressGuard {
  const listed = networks(typeof allowPrivate === 'boolean' ? [] : allowPrivate.map(parsed));
  const allows = (address: string): boolean => {
    const bare = address.split('%', 1)[0] ?? '';
    if (isIP(bare) === 0) return false;
    const family = familyOf(bare);
    if (listed.check(bare, family)) return true;
    // A block list of IPv4 networks knows mapped addresses too.
    if (neverPublic.check(bare, family)) return false;
    if (privateNetworks.check(bare, family)) return allowPrivate === true;
    return family === 'ipv4' || MAPPED.check(bare, 'ipv6') || publicIpv6.check(bare, 'ipv6');
  };
  return {
    allows,
    checkHost(hostname) {
      const host = hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && !allows(host)) {
        throw new AddressRefused(`${host} is no public address and not allowed (allowPrivate)`);
      }
    },
    lookup(name, { all, family, hints }, done) {
      const wanted = { all: true, family: familyNumber(family), hints } as const;
      resolve(name, wanted, (error, found) => {
        if (error !== null) return done(error, '', 0);
        const allowed = found.filter(({ address }) => allows(address));
        const [first] = allowed;
        if (first === undefined) {
          return done(
            new AddressRefused(
              `${name} resolves to no public address and to none that is allowed (allowPrivate)`,
            ),
            '',
            0,
          );
        }
        if (all === true) done(null, allowed);
        else done(null, first.address, first.family);
      });
    },
  };
}

const familyNumber = (family: number | 'IPv4' | 'IPv6' | undefined): number =>
  family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : (family ?? 0);
