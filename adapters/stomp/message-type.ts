/** `msgType` of the wire and `contentType` of the model. */

/** Known kinds differ in case only; any other passes through unchanged, both ways. */
const KNOWN: readonly string[] = [
  'text',
  'image',
  'voice',
  'audio',
  'video',
  'file',
  'location',
  'link',
  'emoji',
  'card',
  'custom',
];

const TO_CONTENT_TYPE: ReadonlyMap<string, string> = new Map(KNOWN.map((kind) => [kind.toUpperCase(), kind]));
const TO_MSG_TYPE: ReadonlyMap<string, string> = new Map(KNOWN.map((kind) => [kind, kind.toUpperCase()]));

/** Kinds whose `content` is the attachment's URL. */
const MEDIA: ReadonlySet<string> = new Set(['image', 'voice', 'audio', 'video', 'file']);

/** A missing `msgType` means TEXT. */
export function contentTypeOf(msgType: string | null | undefined): string {
  if (msgType === undefined || msgType === null || msgType === '') return 'text';
  return TO_CONTENT_TYPE.get(msgType) ?? msgType;
}

export const msgTypeOf = (contentType: string): string => TO_MSG_TYPE.get(contentType) ?? contentType;

export const isMedia = (contentType: string): boolean => MEDIA.has(contentType);

const MAX_URL_LENGTH = 8192;

/** Whether a media message's `content` can be taken for its attachment's URL. */
export const isUrl = (content: string): boolean =>
  content.length <= MAX_URL_LENGTH &&
  (content.startsWith('https://') || content.startsWith('http://') || content.startsWith('/')) &&
  !/\s/.test(content);
