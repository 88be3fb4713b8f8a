/**
 * The one table of error codes, and the one error type that crosses module boundaries.
 *
 * A code is what went wrong; a dialect maps it to its own words. `fatal` says whether the connection ends,
 * unless the thrower knows better (a bad login is fatal, a message before login need not be).
 */
import type { CloseReason } from './close.ts';

export type Locale = 'en' | 'zh-CN';

interface ErrorEntry {
  /** What the client is told, by locale: what is wrong and, where it helps, what to do. */
  readonly en: string;
  readonly 'zh-CN': string;
  /** The reason with which the connection is closed by default; absent where it stays open. */
  readonly fatal?: CloseReason;
}

const entry = (en: string, zh: string, fatal?: CloseReason): ErrorEntry =>
  fatal === undefined ? { en, 'zh-CN': zh } : { en, 'zh-CN': zh, fatal };

export const ERRORS = {
  unauthenticated: entry('log in first', '未认证'),
  token_invalid: entry('the token is invalid or has expired', '令牌无效或已过期', 'unauthenticated'),
  token_expired: entry(
    'the token has expired or was revoked; log in again',
    '令牌已过期或被撤销，请重新登录',
    'token_expired',
  ),
  frame_malformed: entry('the frame cannot be read', '消息格式错误'),
  frame_unknown: entry('this kind of frame is not known', '未知的消息类型'),
  field_missing: entry('a required field is missing', '消息缺少必要字段'),
  content_too_long: entry('the content is too long', '消息内容过长'),
  frame_too_large: entry('the frame is too large', '消息帧过大', 'too_large'),
  data_unsupported: entry(
    'this kind of WebSocket message is not accepted here',
    '不支持的数据类型',
    'unsupported_data',
  ),
  sender_mismatch: entry('the sender is not the authenticated user', '发送者与当前登录用户不一致'),
  forbidden: entry('not allowed', '没有权限'),
  blocked: entry('the recipient has blocked you', '对方已将你屏蔽'),
  muted: entry('you are muted in this group', '你已被禁言'),
  rate_limited: entry('too many messages; slow down', '消息发送过于频繁'),
  duplicate_conflict: entry('this message id was used before with other content', '消息 ID 重复且内容不一致'),
  message_unknown: entry('there is no such message', '消息不存在'),
  recipient_unknown: entry('the recipient does not exist or is offline', '用户不存在或已离线'),
  group_unknown: entry('there is no such group', '群聊不存在'),
  recipient_queue_full: entry(
    'the recipient has too many undelivered messages',
    '对方未读消息过多，暂时无法发送',
  ),
  already_joined: entry(
    'connection refused: you have joined this room in another page or client; leave it there first',
    '连接被拒,您已在其他页面或客户端加入该房间,请先将其退出!',
  ),
  not_joined: entry('join the room first', '请先加入该房间'),
  already_subscribed: entry(
    'the connection is already subscribed to the channel',
    'the connection is already subscribed to the channel',
  ),
  not_subscribed: entry(
    'the connection is not subscribed to the channel',
    'the connection is not subscribed to the channel',
  ),
  limit_exceeded: entry('a limit of this endpoint is exceeded', '超出服务限制'),
  unsupported: entry('this is not supported here', '暂不支持该操作'),
  slow_consumer: entry('this connection reads too slowly', '连接接收过慢', 'slow_consumer'),
  silence: entry('nothing was heard for too long', '心跳超时', 'silence'),
  store_unavailable: entry('the message could not be stored; try again', '消息保存失败，请重试'),
  upstream_unavailable: entry(
    'the server behind this gateway cannot be reached; try again',
    '后端服务暂不可用，请重试',
  ),
  shutting_down: entry(
    'the server is shutting down; reconnect',
    '服务器正在关闭，请重新连接',
    'shutting_down',
  ),
  protocol_violation: entry('the protocol does not allow this', '违反协议', 'protocol_error'),
  internal: entry('internal error', '服务器内部错误', 'internal'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

export interface GatewayErrorOptions {
  /** Overrides the table: a reason ends the connection, `null` keeps it open. */
  readonly fatal?: CloseReason | null;
  /** More than the table's text, safe to show to the client: which field, which limit. In English. */
  readonly detail?: string;
  /** The client's own id of the message at fault, as far as it could be salvaged from a broken frame. */
  readonly messageId?: string;
  /** Whatever else could be salvaged for the dialect's own use, such as the id under which the client waits for an answer. */
  readonly salvaged?: Readonly<Record<string, string>>;
  /** For the log only. */
  readonly cause?: unknown;
}

/** The only error that leaves a codec, a session or the router. Its cause goes to the log, never onto the wire. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  /** Why the connection ends because of this, or undefined when it stays open. */
  readonly fatal: CloseReason | undefined;
  readonly detail: string | undefined;
  readonly messageId: string | undefined;
  readonly salvaged: Readonly<Record<string, string>> | undefined;

  constructor(code: ErrorCode, options: GatewayErrorOptions = {}) {
    super(options.detail === undefined ? ERRORS[code].en : `${ERRORS[code].en}: ${options.detail}`, {
      cause: options.cause,
    });
    this.name = 'GatewayError';
    this.code = code;
    const entry: ErrorEntry = ERRORS[code];
    this.fatal = options.fatal === undefined ? entry.fatal : (options.fatal ?? undefined);
    this.detail = options.detail;
    this.messageId = options.messageId;
    this.salvaged = options.salvaged;
  }
}

/** The table's text for a code, in the endpoint's locale, without detail. */
export function errorText(code: ErrorCode, locale: Locale): string {
  return ERRORS[code][locale];
}

/** Turns anything thrown into a GatewayError: the one place that does it. */
export function toGatewayError(thrown: unknown): GatewayError {
  return thrown instanceof GatewayError ? thrown : new GatewayError('internal', { cause: thrown });
}
