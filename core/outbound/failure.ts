/** Why a server of the business gave no usable answer: one word for the metrics, one sentence for the log. */
import type { FetchError } from './bounded-fetch.ts';
import type { CallFault } from './metrics.ts';

export class CallFailure extends Error {
  readonly fault: CallFault;
  /** The same question may be answered a moment later. */
  readonly mayPass: boolean;

  constructor(fault: CallFault, message: string, options: { mayPass?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'CallFailure';
    this.fault = fault;
    this.mayPass = options.mayPass === true;
  }
}

export const fetchFailure = (error: FetchError): CallFailure =>
  new CallFailure(error.fault, error.message, {
    mayPass: error.fault === 'timeout' || error.fault === 'unreachable',
    cause: error,
  });

/** For a status that is no answer. */
export function statusFailure(status: number): CallFailure {
  if (status >= 300 && status < 400) {
    return new CallFailure('redirect', `the answer is a redirect (${status}), which is not followed`);
  }
  const mayPass = status >= 500 || status === 408 || status === 425 || status === 429;
  return new CallFailure('status', `the answer has status ${status}`, { mayPass });
}
