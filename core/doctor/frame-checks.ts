/** Checks of single wire messages of somebody who is logged in: heartbeats, broken frames, frames that are too large. */
import type { EndpointConfig } from '../../schemas/config.ts';
import type { AnyDialect, WireMessage } from '../dialect.ts';
import { fail, inMs, pass, quote, skip, type Verdict } from './finding.ts';
import { NO_FRAME, textOf } from './login-checks.ts';
import { type Expectation, rehearse } from './rehearsal.ts';
import { closeCodeOf, type Visitor } from './visitor.ts';

export interface Place {
  readonly endpoint: EndpointConfig;
  readonly dialect: AnyDialect;
  readonly timeoutMs: number;
}

export async function checkHeartbeat(
  { endpoint, dialect, timeoutMs }: Place,
  visitor: Visitor,
): Promise<Verdict> {
  const before = visitor.tap.wires.length;
  const since = performance.now();
  const beats = visitor.beat();
  if (beats.length === 0) return skip('the dialect has none here: WebSocket pings do it');
  if (!beats.some((beat) => rehearse(endpoint, dialect, beat).answers)) {
    return visitor.end === undefined ? pass('sent; the dialect has no answer to it') : ended(visitor);
  }
  await visitor.when(() => visitor.tap.wires.length > before || undefined);
  if (visitor.end !== undefined) return ended(visitor);
  return visitor.tap.wires.length > before
    ? pass(`answered after ${inMs(performance.now() - since)}`)
    : fail(
        `not answered in ${timeoutMs} ms`,
        'clients take the connection for dead and come back again and again: look at the proxy in between',
      );
}

const ended = ({ end }: Visitor): Verdict =>
  fail(
    `the connection ended: ${quote(end?.text ?? '') || end?.code}`,
    'does the gateway speak this dialect at this path? See its log',
  );

/** A frame that can't be read: what the dialect's own server would do is what the gateway should do. */
export async function checkBadFrame(place: Place, visitor: Visitor): Promise<Verdict> {
  const expected = rehearse(place.endpoint, place.dialect, NO_FRAME);
  visitor.tap.muted = true;
  const answer = await say(visitor, visitor.tap.seal(NO_FRAME), expected);
  const verdict = judge(place, expected, { visitor, answer });
  if (verdict !== undefined) return verdict;
  if (expected.closes !== undefined) return pass(`${shown(answer)}, then closed with ${visitor.end?.code}`);
  const again = await say(visitor, visitor.tap.seal(NO_FRAME), expected);
  visitor.tap.muted = false;
  return (
    judge(place, expected, { visitor, answer: again }) ??
    pass(
      answer === undefined ? 'ignored, as the dialect does' : `${shown(answer)}, and the connection goes on`,
    )
  );
}

export async function checkBinary(place: Place, visitor: Visitor): Promise<Verdict> {
  const wire = new TextEncoder().encode(NO_FRAME);
  const expected = rehearse(place.endpoint, place.dialect, wire);
  visitor.tap.muted = true;
  const answer = await say(visitor, wire, expected);
  return (
    judge(place, expected, { visitor, answer }) ??
    pass(
      expected.closes === undefined
        ? 'refused, and the connection goes on'
        : `closed with ${visitor.end?.code}`,
    )
  );
}

/** One byte over the limit of a frame. */
export async function checkOversize(
  { endpoint, timeoutMs }: Place,
  visitor: Visitor,
  bystander: Visitor | undefined,
): Promise<Verdict> {
  const { frame } = endpoint.limits;
  const code = closeCodeOf(endpoint, 'too_large');
  visitor.tap.muted = true;
  visitor.say('x'.repeat(frame + 1 - NO_FRAME.length) + NO_FRAME);
  await visitor.when(() => undefined);
  const { end } = visitor;
  if (end === undefined) {
    return fail(
      `${frame + 1} bytes do not end the connection (limits.frame is ${frame})`,
      'the gateway runs with a larger limits.frame: compare its configuration with this one',
    );
  }
  if (end.code !== code) {
    return fail(
      `${frame + 1} bytes end the connection with ${end.code ?? end.failure}, not with ${code}`,
      `a proxy in between has a smaller limit, or takes ${timeoutMs} ms and more: clients can't tell why they were cut`,
    );
  }
  if (bystander?.end !== undefined) {
    return fail('another connection ended with it', 'the proxy in between shares connections: look at it');
  }
  return pass(`${frame + 1} bytes: closed with ${code}${bystander === undefined ? '' : ', and no other'}`);
}

/** Says it and waits for what is expected; gives the first wire message that came. */
async function say(
  visitor: Visitor,
  wire: WireMessage,
  expected: Expectation,
): Promise<WireMessage | undefined> {
  const { wires } = visitor.tap;
  const before = wires.length;
  visitor.say(wire);
  if (expected.closes !== undefined) await visitor.when(() => undefined);
  else if (expected.answers) await visitor.when(() => wires.length > before || undefined);
  return wires[before];
}

/** What is wrong with it; undefined if nothing is. */
function judge(
  { endpoint, timeoutMs }: Place,
  expected: Expectation,
  { visitor, answer }: { readonly visitor: Visitor; readonly answer: WireMessage | undefined },
): Verdict | undefined {
  const { end } = visitor;
  if (expected.answers && answer === undefined) {
    const what =
      end === undefined
        ? `is not answered in ${timeoutMs} ms`
        : `ends the connection without a word (${end.code})`;
    return fail(
      `it ${what}`,
      'does the gateway speak this dialect at this path? Look at the proxy in between',
    );
  }
  if (answer !== undefined && answer === visitor.tap.unreadable) {
    return fail(
      `it is ${shown(answer)}, which is no frame of the dialect`,
      'does the gateway speak this dialect at this path? Look at the proxy in between',
    );
  }
  if (expected.closes === undefined) {
    if (end === undefined) return undefined;
    return fail(
      `it ends the connection with ${end.code ?? end.failure}, and the dialect goes on after it`,
      'one broken frame costs a client its connection: look at the proxy in between',
    );
  }
  const code = closeCodeOf(endpoint, expected.closes);
  if (end?.code === code) return undefined;
  return fail(
    end === undefined
      ? 'it does not end the connection'
      : `it ends the connection with ${end.code ?? end.failure}, not with ${code}`,
    'compare closeCodes of the gateway with this configuration, and look at the proxy in between',
  );
}

const shown = (wire: WireMessage | undefined): string =>
  wire === undefined ? 'not answered, as the dialect does' : `answered ${quote(textOf(wire), 60)}`;
