/** Ids that the gateway makes. */
import { monotonicFactory } from 'ulid';

/** A fresh ULID: 26 characters that sort by time, then by order of making within this process. */
export const newUlid: () => string = monotonicFactory();
