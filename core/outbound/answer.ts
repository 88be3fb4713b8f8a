/** Reading what a backend answers: what is wrong is said without repeating it, for it may be somebody's message. */
import type { z } from 'zod';
import { CallFailure } from './failure.ts';

/** Longest that the log says of a wrong answer, in UTF-16 units. */
const MAX_COMPLAINT = 300;

/** The answer as the schema has it. @throws CallFailure that names what is wrong and where */
export function readAnswer<Value>(text: string, schema: z.ZodType<Value>): Value {
  const answer = schema.safeParse(jsonOf(text));
  if (answer.success) return answer.data;
  const told = answer.error.issues.map(
    ({ path, message }) => `${path.map(String).join('.') || 'the answer'}: ${message}`,
  );
  throw new CallFailure('invalid_answer', told.join('; ').slice(0, MAX_COMPLAINT));
}

/** @throws CallFailure */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CallFailure('invalid_answer', text === '' ? 'the answer is empty' : 'the answer is not JSON');
  }
}
