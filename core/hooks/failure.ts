/** Why a hook gave no usable answer: one word for the metrics, one sentence for the log. */
import type { FetchError } from '../auth/bounded-fetch.ts';
import type { HookFault } from './metrics.ts';

export class HookFailure extends Error {
  readonly fault: HookFault;
  /** The same question may be answered a moment later. */
  readonly mayPass: boolean;

  constructor(fault: HookFault, message: string, options: { mayPass?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'HookFailure';
    this.fault = fault;
    this.mayPass = options.mayPass === true;
  }
}

export const fetchFailure = (error: FetchError): HookFailure =>
  new HookFailure(error.fault, error.message, {
    mayPass: error.fault === 'timeout' || error.fault === 'unreachable',
    cause: error,
  });

/** For a status that is no answer. */
export function statusFailure(status: number): HookFailure {
  if (status >= 300 && status < 400) {
    return new HookFailure('redirect', `the answer is a redirect (${status}), which is not followed`);
  }
  const mayPass = status >= 500 || status === 408 || status === 425 || status === 429;
  return new HookFailure('status', `the answer has status ${status}`, { mayPass });
}
