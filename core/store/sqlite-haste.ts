/** How long a request may wait before it is sent to the database: waking its thread costs more than most requests. */
import { isRow, type RequestKind, type SentRequest } from './sqlite-protocol.ts';

/** What comes with logins and confirmations, many at a time: it goes with what is urgent, or when the thread is free. */
const PATIENT: ReadonlySet<RequestKind> = new Set([
  'save_directory',
  'assign',
  'enroll',
  'missed',
  'confirm',
  'tick',
]);

export const isPatient = (request: SentRequest): boolean => !isRow(request) && PATIENT.has(request.kind);

/** Of those, what nobody's next step waits for: it goes with anything else, or a little later by itself. */
export const isUnasked = (request: SentRequest): boolean =>
  !isRow(request) && (request.kind === 'tick' || (request.kind === 'confirm' && !request.isAwaited));
