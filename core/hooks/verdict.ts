/** What a backend may answer to `before_message`, read without trusting it. */
import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../errors.ts';
import { readAnswer } from '../outbound/answer.ts';
import type { BoundedAnswer } from '../outbound/bounded-fetch.ts';
import { CallFailure, statusFailure } from '../outbound/failure.ts';

/** Longest reason that a client is told, in UTF-16 units. */
const MAX_TEXT = 500;

const wellFormed = (text: string): boolean => text.isWellFormed();
const isPrintable = (text: string): boolean => wellFormed(text) && !/\p{Cc}/u.test(text);

/** Keys that a backend adds for its own use do no harm. */
const Answer = z.discriminatedUnion('action', [
  z.object({ action: z.literal('allow') }),
  z.object({
    action: z.literal('refuse'),
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]], {
      error: 'is no error code of the gateway',
    }),
    text: z.string().max(MAX_TEXT).refine(isPrintable, 'must be one line of well-formed text').nullish(),
  }),
  z
    .object({
      action: z.literal('change'),
      content: z.string().min(1).refine(wellFormed, 'must be well-formed text').nullish(),
      contentType: z
        .string()
        .min(1)
        .max(64)
        .refine(isPrintable, 'must be one line of well-formed text')
        .nullish(),
    })
    .refine(({ content, contentType }) => content != null || contentType != null, 'changes nothing'),
]);

export type Verdict =
  | { readonly action: 'allow' }
  | { readonly action: 'refuse'; readonly code: ErrorCode; readonly text: string | undefined }
  | {
      readonly action: 'change';
      readonly content: string | undefined;
      readonly contentType: string | undefined;
    };

const ALLOW: Verdict = { action: 'allow' };

/** `maxContent` is the endpoint's `limits.content`, in code points. @throws CallFailure */
export function readVerdict({ status, text }: BoundedAnswer, maxContent: number): Verdict {
  if (status === 204) return ALLOW;
  if (status !== 200) throw statusFailure(status);
  const data = readAnswer(text, Answer);
  switch (data.action) {
    case 'allow':
      return ALLOW;
    case 'refuse':
      return { action: 'refuse', code: data.code, text: data.text ?? undefined };
    case 'change': {
      const content = data.content ?? undefined;
      if (content !== undefined && content.length > maxContent && [...content].length > maxContent) {
        throw new CallFailure(
          'invalid_answer',
          `content: is longer than the endpoint allows (${maxContent})`,
        );
      }
      return { action: 'change', content, contentType: data.contentType ?? undefined };
    }
    default:
      return data satisfies never;
  }
}
