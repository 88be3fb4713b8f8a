/** What each request does to the database, whether it writes, and whether it can be refused half done. */
import { GatewayError } from '../errors.ts';
import type { Opened } from './sqlite-opened.ts';
import type { DatabaseRequest, RawAnswer, RawResult } from './sqlite-protocol.ts';

/** Whether a request that is refused has changed nothing. A savepoint costs as much as a message. */
export function refusesUntouched(request: DatabaseRequest): boolean {
  switch (request.kind) {
    case 'commit':
      return request.operations.length === 1 && request.operations[0]?.kind !== 'enqueue';
    case 'save_directory':
      return request.entries.length === 1;
    case 'confirm':
    case 'tick':
      return true;
    default:
      return !isWrite(request);
  }
}

export function isWrite(request: DatabaseRequest): boolean {
  switch (request.kind) {
    case 'commit':
    case 'enroll':
    case 'withdraw':
    case 'confirm':
    case 'dequeue':
    case 'assign':
    case 'save_directory':
    case 'tick':
      return true;
    case 'missed':
    case 'history':
    case 'find':
    case 'queued':
      return false;
    default:
      request satisfies never;
      return false;
  }
}

/** Throws a GatewayError if it refuses. */
export function execute(opened: Opened, request: DatabaseRequest, now: number): RawAnswer {
  switch (request.kind) {
    case 'commit':
      return request.operations.map((operation): RawResult => {
        switch (operation.kind) {
          case 'append':
            return opened.messages.append(operation.row, now);
          case 'revoke':
            return opened.messages.revoke(operation, now);
          case 'enqueue':
            return opened.queues.add(operation.entry);
          default:
            operation satisfies never;
            throw new GatewayError('internal');
        }
      });
    case 'enroll':
      return opened.memberships.enroll(request.namespace, request.conversation, request.users);
    case 'withdraw':
      return opened.memberships.withdraw(request.namespace, request.conversation, request.users);
    case 'confirm':
      for (const range of request.ranges) opened.memberships.confirm(range);
      return undefined;
    case 'dequeue':
      return opened.queues.delete(request.namespace, request.queue, request.id);
    case 'assign':
      return opened.identities.assign(request.namespace, request.users);
    case 'save_directory':
      return opened.directory.save(request.entries);
    case 'tick':
      return opened.retention.isBehind;
    case 'missed': {
      const { items, next } = opened.memberships.missed(request, now);
      return { messages: items.map((row) => row.body), next };
    }
    case 'history':
      return opened.messages.history(request, now);
    case 'find':
      return opened.messages.find(request, now);
    case 'queued':
      return opened.queues.after(request);
    default:
      request satisfies never;
      throw new GatewayError('internal');
  }
}
