/** Checks of the login: a good one is accepted, a bad one refused, and the server behind has its say. */
import type { EndpointConfig } from '../../schemas/config.ts';
import type { CloseReason } from '../close.ts';
import type { WireMessage } from '../dialect.ts';
import { addressForLog } from '../upstream/url-template.ts';
import { fail, type Note, pass, quote, skip, type Verdict } from './finding.ts';
import { closeCodeOf, type End, type Visitor } from './visitor.ts';

/** No frame of any dialect: broken as JSON, unknown as a command, and whole wherever a NUL ends a frame. */
export const NO_FRAME = 'dragoman doctor: this is no frame of any dialect\n\n\u0000';

const REFUSED: readonly (CloseReason | undefined)[] = ['unauthenticated', 'token_expired'];

/**
 * `in`: the gateway has answered somebody whom it let in. `silence`: nothing tells. `foreign`: what came is no frame
 * of the dialect.
 */
export type Arrival = 'in' | 'silence' | { readonly foreign: string } | End;

/**
 * Waits until it is clear what became of the login. Where a dialect's server says nothing to it, a broken frame is
 * sent: that gets an answer, and only from there on.
 */
export async function arrive(visitor: Visitor, endpoint: EndpointConfig): Promise<Arrival> {
  const ready = await visitor.when(() => visitor.isReady || undefined);
  if (ready === true && visitor.tap.wires.length === 0) {
    visitor.say(visitor.tap.seal(NO_FRAME));
    await visitor.when(() => visitor.tap.wires.length > 0 || undefined);
  }
  const { unreadable } = visitor.tap;
  // Where the same dialect is spoken on both sides, what only the server behind knows passes as it is.
  if (unreadable !== undefined && endpoint.upstream?.dialect !== endpoint.dialect) {
    return { foreign: quote(textOf(unreadable), 60) };
  }
  if (visitor.end !== undefined) return visitor.end;
  return visitor.isReady && visitor.tap.wires.length > 0 ? 'in' : 'silence';
}

export const textOf = (wire: WireMessage): string =>
  typeof wire === 'string' ? wire : new TextDecoder().decode(wire);

const isEnd = (arrival: Arrival): arrival is End => typeof arrival === 'object' && !('foreign' in arrival);

const isRefusal = (end: End): boolean =>
  REFUSED.includes(end.reason) || (end.failure === 'login_refused' && end.reason !== 'replaced');

const seen = ({ text, code, failure }: End): string =>
  [
    text === '' ? failure.replaceAll('_', ' ') : quote(text),
    ...(code === undefined ? [] : [`close code ${code}`]),
  ].join(', ');

/** Notes `login`, and `upstream` where there is a server behind. True if the visitor is in. */
export function judgeLogin(endpoint: EndpointConfig, arrival: Arrival, note: Note): boolean {
  const { upstream } = endpoint;
  const isUpstreamGone = isEnd(arrival) && arrival.reason === 'upstream_unavailable';
  const server = upstream === undefined ? '' : quote(addressForLog(upstream.url));
  if (isUpstreamGone) {
    note('login', skip('the server behind does not answer: see upstream'));
    const remedy = `see whether ${server} runs and can be reached from the gateway`;
    note('upstream', fail(`the gateway says that it is gone: ${seen(arrival)}`, remedy));
    return false;
  }
  note('login', loginVerdict(endpoint, arrival));
  if (upstream === undefined) return arrival === 'in';
  if (arrival === 'in') note('upstream', pass(`${server} let the client in`));
  else if (arrival === 'silence') {
    const remedy = `see whether ${server} answers; the gateway waits for it`;
    note('upstream', fail('nobody has answered the login', remedy));
  } else note('upstream', skip('the login failed'));
  return arrival === 'in';
}

function loginVerdict(endpoint: EndpointConfig, arrival: Arrival): Verdict {
  if (arrival === 'in') return pass('accepted');
  const otherDialect = `does the gateway speak ${endpoint.dialect} at this path? Compare its configuration with this one`;
  if (arrival === 'silence') return fail('there was no answer that this dialect knows', otherDialect);
  if (!isEnd(arrival)) return fail(`what came is no frame of this dialect: ${arrival.foreign}`, otherDialect);
  if (isRefusal(arrival)) return fail(`refused: ${seen(arrival)}`, refusalRemedy(endpoint));
  if (arrival.failure === 'protocol_error')
    return fail(`what came can't be read: ${seen(arrival)}`, otherDialect);
  if (arrival.reason === 'replaced') {
    return fail(
      'the same user has logged in elsewhere meanwhile',
      'name a user whom nobody else uses: --user',
    );
  }
  if (arrival.reason === 'policy') {
    return fail(
      `turned away: ${seen(arrival)}`,
      'see limits.admission and limits.connections, and try later',
    );
  }
  return fail(`the connection ended: ${seen(arrival)}`, 'see what the log of the gateway says');
}

function refusalRemedy({ auth }: EndpointConfig): string {
  if (auth === 'upstream') return 'the server behind refuses it: give a token of its issuer (--token)';
  const names = auth === 'none' ? '' : auth.map((name) => `"${name}"`).join(', ');
  return `secret, audience, issuer and clock of the authenticator ${names} must be those that the gateway runs with`;
}

/** What became of a login that must fail. */
export function badLoginVerdict(endpoint: EndpointConfig, arrival: Arrival, visitor: Visitor): Verdict {
  if (arrival === 'in') {
    return fail(
      'a made-up token is accepted',
      `the gateway does not check tokens here: see auth of ${endpoint.path}`,
    );
  }
  if (arrival === 'silence') {
    return fail(
      'a made-up token is not answered',
      'clients wait until the login deadline: see the log of the gateway',
    );
  }
  if (!isEnd(arrival))
    return fail(`a made-up token is answered with ${arrival.foreign}`, 'look at the proxy in between');
  const expected = closeCodeOf(endpoint, 'unauthenticated');
  if (isRefusal(arrival)) return pass(`refused: ${seen(arrival)}`);
  if (arrival.reason === 'upstream_unavailable')
    return skip('the server behind does not answer: see upstream');
  if (arrival.code === expected && visitor.tap.wires.length > 0) return pass(`refused: ${seen(arrival)}`);
  return fail(
    `the connection just ended: ${seen(arrival)}`,
    `clients expect the dialect's words and close code ${expected}: something in between ends the connection first`,
  );
}
