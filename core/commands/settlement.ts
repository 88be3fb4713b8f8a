/** How a command ends: each is settled exactly once. */
import type { Outcome } from '../dialect.ts';

export type Done = (outcome: Outcome) => void;

/** Success with nothing more to say. */
export const DONE: Outcome = Object.freeze({ ok: true, result: Object.freeze({ type: 'done' }) });
