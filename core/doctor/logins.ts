/** With what the doctor logs in at an endpoint: what it was given, or a token that it can make itself. */
import type { Credential } from '../../schemas/command.ts';
import type { Config, EndpointConfig } from '../../schemas/config.ts';
import { subjectOf } from '../auth/unverified.ts';
import { mintToken } from '../cli/token.ts';
import type { AnyDialect } from '../dialect.ts';
import { withParameter } from '../upstream/url-template.ts';
import type { DoctorRequest } from './request.ts';

/** Whom the doctor is where it makes its own tokens: nobody else's session is replaced. */
const OWN = {
  visitor: { id: 'dragoman-doctor', name: 'Dragoman doctor' },
  peer: { id: 'dragoman-doctor-peer', name: 'Dragoman doctor (peer)' },
} as const;

/** Long enough for one visit. */
const TTL = '5min';

export interface Login {
  /** Undefined where only the gateway knows. */
  readonly user: string | undefined;
  readonly name: string | undefined;
  /** For the client face. */
  readonly credentials: readonly Credential[];
}

/** A login, or what is missing for one. */
export type LoginOrLack = { readonly login: Login } | { readonly reason: string; readonly remedy: string };

export async function visitorLogin(request: DoctorRequest, endpoint: EndpointConfig): Promise<LoginOrLack> {
  const { config, user, token, login, passcode = '' } = request;
  if (endpoint.auth === 'none')
    return { login: claimed(user ?? OWN.visitor.id, nameOf(config, endpoint, user)) };
  if (token !== undefined) return { login: shown(request, endpoint, { kind: 'token', token }, user) };
  if (login !== undefined) {
    return { login: shown(request, endpoint, { kind: 'password', login, passcode }, user ?? login) };
  }
  return (await minted(request, endpoint, 'visitor')) ?? lackOf(config, endpoint);
}

/** The one who receives; undefined: nobody but the visitor can. */
export async function peerLogin(
  request: DoctorRequest,
  endpoint: EndpointConfig,
): Promise<Login | undefined> {
  const { config, peerUser, peerToken } = request;
  if (endpoint.auth === 'none') {
    return claimed(peerUser ?? OWN.peer.id, nameOf(config, endpoint, peerUser) ?? OWN.peer.name);
  }
  if (peerToken !== undefined) {
    return shown(request, endpoint, { kind: 'token', token: peerToken }, peerUser);
  }
  const found = await minted(request, endpoint, 'peer');
  return found?.login;
}

/** A login that nobody accepts. */
export const badLogin = ({ user, name }: Login): Login => ({
  user,
  name,
  credentials: [{ kind: 'token', token: 'dragoman-doctor.shows.no-good-token' }, ...claimOf(user, name)],
});

const claimOf = (user: string | undefined, name: string | undefined): readonly Credential[] =>
  user === undefined ? [] : [{ kind: 'claim', user: { id: user, name: name ?? user } }];

const claimed = (user: string, name: string | undefined): Login => ({
  user,
  name,
  credentials: claimOf(user, name),
});

function shown(
  { config }: DoctorRequest,
  endpoint: EndpointConfig,
  credential: Credential,
  user: string | undefined,
): Login {
  const id = user ?? subjectOf(credential);
  const name = nameOf(config, endpoint, id);
  return { user: id, name, credentials: [credential, ...claimOf(id, name)] };
}

const nameOf = (
  { users }: Config,
  { namespace }: EndpointConfig,
  user: string | undefined,
): string | undefined =>
  users.find((known) => known.id === user && known.namespace === namespace)?.name ?? user;

/** A token that the configuration has all for; in production only for somebody who was named. */
async function minted(
  { config, user, peerUser }: DoctorRequest,
  endpoint: EndpointConfig,
  who: 'visitor' | 'peer',
): Promise<{ readonly login: Login } | undefined> {
  if (endpoint.auth === 'none' || endpoint.auth === 'upstream') return undefined;
  const named = who === 'visitor' ? user : peerUser;
  for (const authenticator of endpoint.auth) {
    const entry = config.authenticators[authenticator];
    if (entry === undefined || entry.type === 'http') continue;
    const id = named ?? (entry.type === 'jwt' && entry.development ? OWN[who].id : undefined);
    if (id === undefined) continue;
    const canMint =
      entry.type === 'jwt' ? entry.secret !== undefined : Object.values(entry.tokens).includes(id);
    if (!canMint) continue;
    const name = named === undefined ? OWN[who].name : (nameOf(config, endpoint, id) ?? id);
    const { token } = await mintToken(config, { user: id, ttl: TTL, name, authenticator });
    return { login: { user: id, name, credentials: [{ kind: 'token', token }, ...claimOf(id, name)] } };
  }
  return undefined;
}

function lackOf({ authenticators }: Config, { auth }: EndpointConfig): LoginOrLack {
  if (auth === 'upstream' || auth === 'none') {
    const remedy = 'give --token, or --login and --passcode (or DRAGOMAN_DOCTOR_TOKEN and so on)';
    return { reason: 'no login was given, and the server behind decides about it', remedy };
  }
  const needs = auth.map((name) => {
    const entry = authenticators[name];
    switch (entry?.type) {
      case 'jwt':
        return entry.secret === undefined
          ? `a token that the issuer of "${name}" has signed (--token)`
          : `a token for "${name}" (--token), or a user whom one may be made for (--user)`;
      case 'static':
        return `a token of the list "${name}" (--token), or one of its users (--user)`;
      case 'http':
        return `what the backend behind "${name}" accepts (--token, or --login and --passcode)`;
      default:
        return `a credential for "${name}"`;
    }
  });
  return { reason: 'no login was given', remedy: `give ${needs.join(', or ')}` };
}

/** Where the connection goes, and what its request carries. */
export function addressOf(
  base: string,
  { path, credentials: { query, cookie } }: EndpointConfig,
  { dialect, login }: { readonly dialect: AnyDialect; readonly login: Login | undefined },
): { readonly url: string; readonly headers: Readonly<Record<string, string>> } {
  const url = `${base}${path}`;
  const token = login?.credentials.map(secretOf).find((secret) => secret !== undefined);
  if (token === undefined || dialect.loginBy !== 'query') return { url, headers: {} };
  const [parameter] = query;
  if (parameter !== undefined) return { url: withParameter(url, parameter, token), headers: {} };
  const [name] = cookie;
  return { url, headers: name === undefined ? {} : { cookie: `${name}=${token}` } };
}

const secretOf = (credential: Credential): string | undefined =>
  credential.kind === 'token' ? credential.token : undefined;
