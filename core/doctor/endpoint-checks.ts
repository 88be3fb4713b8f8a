/** All checks of one endpoint, one after the other. */
import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { EndpointConfig } from '../../schemas/config.ts';
import type { AnyDialect } from '../dialect.ts';
import type { TimerWheel } from '../timer-wheel.ts';
import { checkConversation } from './conversation.ts';
import { type CheckName, fail, type Note, skip, type Verdict } from './finding.ts';
import { checkBadFrame, checkBinary, checkHeartbeat, checkOversize } from './frame-checks.ts';
import { checkHandshake, checkOrigin } from './handshake.ts';
import { arrive, badLoginVerdict, judgeLogin } from './login-checks.ts';
import { addressOf, badLogin, type Login, peerLogin, visitorLogin } from './logins.ts';
import { wireUsers } from './numbers.ts';
import type { Place } from './place.ts';
import type { DoctorRequest } from './request.ts';
import { checkSockJs } from './sockjs-check.ts';
import { Visitor } from './visitor.ts';

export interface EndpointVisit {
  readonly request: DoctorRequest;
  readonly place: Place;
  readonly endpoint: EndpointConfig;
  readonly dialect: AnyDialect;
  readonly wheel: TimerWheel;
  readonly log: Logger;
  /** Here goes what ends when the last connection of the visit is gone. */
  readonly leaving: Promise<void>[];
}

/** How long the gateway's question whether a message has arrived may take besides, ms. */
const ROUND_TRIP_MS = 250;

const AFTER_LOGIN = ['heartbeat', 'send', 'receive', 'duplicate', 'bad-frame', 'binary', 'oversize'] as const;

export async function checkEndpoint(visit: EndpointVisit, note: Note): Promise<void> {
  const { request, place, endpoint, dialect } = visit;
  const { timeoutMs } = request;
  const found = await visitorLogin(request, endpoint);
  const login = 'login' in found ? found.login : undefined;
  const address = addressOf(place.ws, endpoint, { dialect, login });
  const at = { ...address, subprotocols: dialect.subprotocols, timeoutMs };
  if (!(await checkHandshake(at, dialect, note))) {
    skipAll(['login', ...AFTER_LOGIN, 'bad-login'], 'the endpoint does not open', note);
    return;
  }
  note('origin', await checkOrigin(at, endpoint));
  if (endpoint.sockjs !== false) {
    const http = `${place.http}${endpoint.path}`;
    const ws = `${place.ws}${endpoint.path}`;
    note('sockjs', await checkSockJs({ http, ws }, new URL(address.url).search, timeoutMs));
  }
  if ('reason' in found) {
    note('login', skip(found.reason, found.remedy));
    skipAll([...AFTER_LOGIN, 'bad-login'], 'nobody is logged in', note);
    return;
  }
  const visits = new Visits(visit);
  try {
    if (await checkInside(visits, found.login, note)) note('bad-login', await refuses(visits, found.login));
    else skipAll([...AFTER_LOGIN, 'bad-login'], 'nobody is logged in', note);
  } finally {
    visit.leaving.push(visits.end());
  }
}

const skipAll = (checks: readonly CheckName[], reason: string, note: Note): void => {
  for (const check of checks) note(check, skip(reason));
};

/** False if the login fails. */
async function checkInside(visits: Visits, login: Login, note: Note): Promise<boolean> {
  const { endpoint, dialect, request } = visits.visit;
  const { timeoutMs, group } = request;
  const visitor = visits.open(login);
  if (!judgeLogin(endpoint, await arrive(visitor, endpoint), note)) return false;
  const place = { endpoint, dialect, timeoutMs };
  note('heartbeat', await checkHeartbeat(place, visitor));
  const peer = await receiver(visits, login);
  const mayBeStranger = !('result' in peer) && isStranger(visits.visit, peer.user);
  const { roster } = dialect.policy(endpoint.options);
  const learnMs = Math.min(timeoutMs, 2 * (roster?.intervalMs ?? 0));
  const { users } = visits;
  const conversation = { visitor, peer, users, learnMs, group, mayBeStranger, timeoutMs };
  await checkConversation(conversation, note);
  note('bad-frame', await checkBadFrame(place, visitor));
  visitor.leave();
  if (dialect.text === 'bytes') note('binary', skip('the dialect takes both kinds'));
  else if (endpoint.encryption !== undefined) note('binary', skip('wire messages are encrypted here'));
  else note('binary', await again(visits, login, (other) => checkBinary(place, other)));
  const bystander = 'result' in peer || peer.end !== undefined ? undefined : peer;
  note('oversize', await again(visits, login, (other) => checkOversize(place, other, bystander)));
  return true;
}

/** Where being logged in is attending one's groups, only members hear a group. */
function isStranger({ request, endpoint, dialect }: EndpointVisit, user: string | undefined): boolean {
  const { group: id, config } = request;
  if (id === undefined || dialect.policy(endpoint.options).attendance !== 'membership') return false;
  const group = config.groups.find((known) => known.id === id && known.namespace === endpoint.namespace);
  return user === undefined || group?.members.includes(user) !== true;
}

/** A check on a connection of its own. */
async function again(
  visits: Visits,
  login: Login,
  check: (visitor: Visitor) => ReturnType<typeof checkBinary>,
) {
  const visitor = visits.open(login);
  try {
    if ((await arrive(visitor, visits.visit.endpoint)) !== 'in') return skip('a second login failed');
    return await check(visitor);
  } finally {
    visitor.leave();
  }
}

async function refuses(visits: Visits, login: Login) {
  const { endpoint } = visits.visit;
  if (endpoint.auth === 'none') return skip('anybody may come in (auth: none)');
  const visitor = visits.open(badLogin(login));
  try {
    return badLoginVerdict(endpoint, await arrive(visitor, endpoint), visitor);
  } finally {
    visitor.leave();
  }
}

/** Who receives: a second user, or a second connection of the first; or why there is nobody. */
async function receiver(visits: Visits, login: Login): Promise<Visitor | Verdict> {
  const { endpoint, request } = visits.visit;
  const other = await peerLogin(request, endpoint);
  if (other === undefined && endpoint.singleSession) {
    return skip('a second connection of the same user would replace the first', NAME_PEER);
  }
  const peer = visits.open(other ?? login);
  if ((await arrive(peer, endpoint)) === 'in') return peer;
  peer.leave();
  return other === undefined
    ? skip('a second connection is not let in', NAME_PEER)
    : fail('the second user is not let in', 'see --peer-user and --peer-token, and the log of the gateway');
}

const NAME_PEER = 'name a second user: --peer-user, or --peer-token';

/** Connections of one visit; all of them are gone at its end. */
class Visits {
  readonly visit: EndpointVisit;
  readonly users: ReturnType<typeof wireUsers>;
  readonly #open: Visitor[] = [];

  constructor(visit: EndpointVisit) {
    this.visit = visit;
    this.users = wireUsers(visit.request.config, visit.endpoint);
  }

  open(login: Login): Visitor {
    const { endpoint, dialect, place, wheel, log, request } = this.visit;
    this.users.expect(login);
    const { timeoutMs } = request;
    const parts = { endpoint, dialect, base: place.ws, login, users: this.users, wheel, log, timeoutMs };
    const visitor = new Visitor(parts);
    this.#open.push(visitor);
    return visitor;
  }

  /** Who has received something stays until the gateway has heard of it: otherwise it would come again. */
  async end(): Promise<void> {
    const { confirm } = this.visit.endpoint.heartbeat;
    const receivers = this.#open.filter(({ heard }) => heard.some(({ event }) => event.type === 'message'));
    for (const visitor of this.#open) if (!receivers.includes(visitor)) visitor.leave();
    if (receivers.length > 0) await setTimeout(confirm + ROUND_TRIP_MS);
    for (const visitor of receivers) visitor.leave();
  }
}
