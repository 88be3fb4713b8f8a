/** How long a request may wait before it is sent to the database: waking its thread costs more than most requests. */
import type { Waits } from './port.ts';
import { isRow, type RequestKind, type SentRequest } from './sqlite-protocol.ts';

/** The more, the sooner. */
export const HASTE = {
  /** Nobody's next step waits for it: it goes with anything else, or a little later by itself. */
  unasked: 0,
  /** What comes with logins and acknowledgements, many at a time: with what is urgent, or a little later when the thread is free. */
  patient: 1,
  /** When the thread is free: a client whose window is full of acknowledgements says nothing more until then. */
  soon: 2,
  urgent: 3,
} as const;

export type Haste = (typeof HASTE)[keyof typeof HASTE];

const PATIENT: ReadonlySet<RequestKind> = new Set(['save_directory', 'assign', 'enroll', 'missed']);

const HASTE_TO_CONFIRM: Readonly<Record<Waits, Haste>> = {
  nothing: HASTE.unasked,
  answer: HASTE.patient,
  client: HASTE.soon,
};

export function hasteOf(request: SentRequest): Haste {
  if (isRow(request)) return HASTE.urgent;
  if (request.kind === 'confirm') return HASTE_TO_CONFIRM[request.waits];
  if (request.kind === 'tick') return HASTE.unasked;
  return PATIENT.has(request.kind) ? HASTE.patient : HASTE.urgent;
}
