/** The thread of the database: takes what has arrived meanwhile as one batch, answers it as one message. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { DatabaseEngine } from './sqlite-engine.ts';
import {
  type DatabaseOptions,
  type DatabaseRequest,
  type FromDatabase,
  receivedRequest,
  sentOutcome,
  type ToDatabase,
} from './sqlite-protocol.ts';

/**
 * Requests after which no more are taken into a transaction: bounds how long the first of them waits, and lets the
 * gateway deal with the answers to one while the next is made.
 */
const MOST_REQUESTS = 256;

function serve(port: MessagePort, options: DatabaseOptions): void {
  const say = (message: FromDatabase): void => port.postMessage(message);
  let engine: DatabaseEngine;
  try {
    engine = new DatabaseEngine(options);
    say({ kind: 'opened', ...engine.contents() });
  } catch (error) {
    say({ kind: 'refused', message: error instanceof Error ? error.message : String(error) });
    return;
  }

  port.on('message', (first: ToDatabase) => {
    const requests: DatabaseRequest[] = [];
    let now = 0;
    let isLast = false;
    let message: ToDatabase | undefined = first;
    while (message !== undefined) {
      if (message.kind === 'close') {
        isLast = true;
        break;
      }
      now = message.now;
      for (const request of message.requests) requests.push(receivedRequest(request));
      if (requests.length >= MOST_REQUESTS) break;
      message = (receiveMessageOnPort(port) as { readonly message: ToDatabase } | undefined)?.message;
    }
    if (requests.length > 0) {
      const outcomes = engine.run(requests, now).map(sentOutcome);
      say({ kind: 'answers', outcomes, stats: engine.stats, fault: engine.fault });
      engine.rest();
    }
    if (!isLast) return;
    engine.close();
    port.close();
  });
}

if (parentPort !== null) serve(parentPort, workerData as DatabaseOptions);
