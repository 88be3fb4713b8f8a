import { describe, expect, it } from 'vitest';
import { AddressRefused, addressGuard, type Resolve } from './addresses.ts';

const NOT_PUBLIC = [
  '127.0.0.1',
  '127.255.255.254',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '100.64.0.1',
  '::1',
  'fd12:3456::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '0:0:0:0:0:ffff:10.1.2.3',
];
const NEVER_BY_TRUE = [
  '0.0.0.0',
  '169.254.169.254',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.2.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  'fe80::1',
  'fe80::1%eth0',
  'ff02::1',
  'fd00:ec2::254',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2001:0:7f00:1::',
  '2001:db8::1',
];
const PUBLIC = ['1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:1.1.1.1'];

const resolves =
  (...addresses: readonly string[]): Resolve =>
  (_name, _options, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

describe('by itself', () => {
  const guard = addressGuard(false);

  it.each(PUBLIC)('%s may be asked', (address) => {
    expect(guard.allows(address)).toBe(true);
  });
  it.each([...NOT_PUBLIC, ...NEVER_BY_TRUE, 'localhost', '', '1.2.3'])('%s may not', (address) => {
    expect(guard.allows(address)).toBe(false);
  });
});

describe('allowPrivate: true', () => {
  const guard = addressGuard(true);

  it.each([...PUBLIC, ...NOT_PUBLIC])('lets %s be asked', (address) => {
    expect(guard.allows(address)).toBe(true);
  });
  it.each(NEVER_BY_TRUE)('does not let %s be asked', (address) => {
    expect(guard.allows(address)).toBe(false);
  });
});

describe('a list', () => {
  const guard = addressGuard(['10.1.0.0/16', '169.254.10.10', 'fd12::/16', '::1']);

  it.each(['10.1.255.1', '169.254.10.10', 'fd12::5', '::1', '::ffff:10.1.2.3', '1.1.1.1'])(
    'lets %s',
    (address) => {
      expect(guard.allows(address)).toBe(true);
    },
  );
  it.each(['10.2.0.1', '169.254.169.254', 'fd13::5', '127.0.0.1', '::ffff:10.2.2.3'])(
    'does not let %s',
    (address) => {
      expect(guard.allows(address)).toBe(false);
    },
  );
});

describe('a host that is an address', () => {
  it.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://169.254.169.254/latest/meta-data',
  ])('is refused where it is %s, however it is written', (url) => {
    expect(() => addressGuard(false).checkHost(new URL(url).hostname)).toThrow(AddressRefused);
  });

  it('is looked at no further where it is a name', () => {
    expect(() => addressGuard(false).checkHost('localhost')).not.toThrow();
  });
});

describe('a name', () => {
  const lookUp = (resolve: Resolve, all: boolean) =>
    new Promise((settle) => {
      addressGuard(false, resolve).lookup('hooks.example', { all }, (error, address, family) =>
        settle(error ?? [address, family]),
      );
    });

  it('leads to its public addresses only', async () => {
    const resolve = resolves('10.0.0.1', '1.1.1.1', '::1', '2606:4700::1111');
    expect(await lookUp(resolve, true)).toEqual([
      [
        { address: '1.1.1.1', family: 4 },
        { address: '2606:4700::1111', family: 6 },
      ],
      undefined,
    ]);
    expect(await lookUp(resolve, false)).toEqual(['1.1.1.1', 4]);
  });

  it('is refused where it has none', async () => {
    expect(await lookUp(resolves('127.0.0.1', '::ffff:10.0.0.1'), true)).toBeInstanceOf(AddressRefused);
    expect(await lookUp(resolves(), true)).toBeInstanceOf(AddressRefused);
  });

  it('that is not known is no refusal', async () => {
    const unknown = Object.assign(new Error('unknown'), { code: 'ENOTFOUND' });
    expect(await lookUp((_name, _options, done) => done(unknown, []), true)).toBe(unknown);
  });
});
