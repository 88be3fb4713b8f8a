/** The doctor: looks at a running gateway from outside, as its clients do, and says what works and what does not. */
import pino from 'pino';
import { TimerWheel } from '../timer-wheel.ts';
import { checkEndpoint } from './endpoint-checks.ts';
import { type Finding, type Note, skip } from './finding.ts';
import { checkWrongPath } from './handshake.ts';
import { checkCertificate, checkPages } from './pages.ts';
import type { Place } from './place.ts';
import type { DoctorRequest } from './request.ts';

/** How finely waits of connections are measured, ms. */
const TICK_MS = 20;

/**
 * Makes all checks, one after the other; each wait ends after `timeoutMs`. `found` hears of each finding at once.
 * The request's endpoint must be one of the configuration's.
 */
export async function examine(
  request: DoctorRequest,
  place: Place,
  found: (finding: Finding) => void = () => {},
): Promise<readonly Finding[]> {
  const { config, dialects, endpoint: only, timeoutMs } = request;
  const findings: Finding[] = [];
  const noteFor =
    (where: Pick<Finding, 'endpoint' | 'dialect'>): Note =>
    (check, verdict) => {
      const finding = { ...where, check, ...verdict };
      findings.push(finding);
      found(finding);
    };
  const note = noteFor({});
  const endpoints = config.endpoints.filter(({ path }) => only === undefined || path === only);
  const giveUp = (reason: string): void => {
    for (const { path, dialect } of endpoints) noteFor({ endpoint: path, dialect })('upgrade', skip(reason));
  };
  if (!(await checkCertificate(place, timeoutMs, note))) {
    giveUp('no login is shown to a server whose certificate is not good');
    return findings;
  }
  if (!(await checkPages(place, timeoutMs, note))) {
    giveUp('the gateway does not answer');
    return findings;
  }
  note('wrong-path', await checkWrongPath(place.ws, timeoutMs));
  const wheel = new TimerWheel(TICK_MS);
  const log = pino({ level: 'silent' });
  const leaving: Promise<void>[] = [];
  try {
    for (const endpoint of endpoints) {
      const dialect = dialects.find(({ id }) => id === endpoint.dialect);
      if (dialect === undefined) continue;
      const visit = { request, place, endpoint, dialect, wheel, log, leaving };
      await checkEndpoint(visit, noteFor({ endpoint: endpoint.path, dialect: dialect.id }));
    }
  } finally {
    await Promise.all(leaving);
    wheel.stop();
  }
  return findings;
}
