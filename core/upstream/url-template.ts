/** Addresses and headers with the client's own in them. What a client chose never leaves its place. */
import type { TemplateWord } from '../../schemas/config/upstream.ts';
import { GatewayError } from '../errors.ts';

/** The values of a template's words; undefined: this client has none. */
export type TemplateValues = Readonly<Record<TemplateWord, string | undefined>>;

const PLACEHOLDER = /\{(user|name|avatar|token)\}/g;

const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/i;

/**
 * Path and query with each word's value percent-encoded, so that it can add no path segment and no parameter.
 *
 * @throws GatewayError token_invalid for a value that would climb out of its path segment
 */
export function fillUrl(template: string, values: TemplateValues): string {
  const filled = template.replace(PLACEHOLDER, (_all, word: TemplateWord) =>
    encodeURIComponent((values[word] ?? '').toWellFormed()),
  );
  const path = filled.split('?', 1)[0] ?? '';
  if (filled !== template && path.split('/').some((segment) => DOT_SEGMENT.test(segment))) {
    throw new GatewayError('token_invalid', { detail: 'it has no place in an address' });
  }
  return new URL(filled).href;
}

/** Text with each word's value as it is. */
export const fillText = (template: string, values: TemplateValues): string =>
  template.replace(PLACEHOLDER, (_all, word: TemplateWord) => values[word] ?? '');

/** A header's value holds no line breaks and nothing that is no Latin-1. */
export const isHeaderValue = (value: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(value);

/** The URL with a parameter set. */
export function withParameter(url: string, name: string, value: string): string {
  const parsed = new URL(url);
  parsed.searchParams.set(name, value);
  return parsed.href;
}

/** What may be logged of an address: no path segment and no parameter of anybody's. */
export function addressForLog(template: string): string {
  const path = template.indexOf('?');
  return path < 0 ? template : `${template.slice(0, path)}?…`;
}
