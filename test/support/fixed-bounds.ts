/** Bounds that are constants of the code and no keys: what docs/limits.md lists, with the values that the code has. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cell, code, table } from './markdown.ts';

const HOME = join(import.meta.dirname, '../..');

interface Row {
  readonly file: string;
  readonly name: string;
  /** Empty where things are counted. */
  readonly unit: string;
  /** What it bounds, and why nobody has to set it. */
  readonly what: string;
}

/** One line each: the file, the constant, its unit or `-`, and what it bounds. */
const rowsOf = (text: string): readonly Row[] =>
  text
    .trim()
    .split('\n')
    .map((line) => {
      const [, file = '', name = '', unit = '', what = ''] = /^(\S+) (\S+) (\S+) (.+)$/.exec(line) ?? [];
      return { file, name, unit: unit === '-' ? '' : unit, what };
    });

const STEPS = rowsOf(`
core/flusher.ts WRITES_PER_TURN - Connections written to before what has arrived is read. The others are written to in the next turn.
core/burst.ts MOST_BYTES bytes Of a turn's messages to a large group, before they are handed on.
core/fan-out.ts LARGE_GROUP - Connections of a group from which on it is told of a turn's messages together.
core/strand.ts COPY_LIMIT_BYTES bytes From this size on a part is written as it is, and not copied into a joined buffer.
core/unmask.ts WORTH_WORDS bytes From this size on a payload is unmasked four bytes at a time.
core/fifo.ts COMPACT_FROM - Places of a queue from which on those that are free are given back once they are half of all.
core/store/place-index.ts COMPACT_FROM - The same, of an index in memory.
core/store/memory-log.ts COMPACT_FROM - The same, of a log in memory.
core/ids.ts POOL_BYTES bytes Random bytes fetched at a time.
core/upstream/read-buffer.ts SIZE bytes Read at a time from servers behind, into one buffer for all.
core/upstream/remembered.ts FIRST_SIZE - Places that the table of a client's messages begins with; \`upstream.limits.remembered\` bounds it.
core/timer-wheel.ts SLOTS - Slots of the timer wheel, whatever the number of timers.
core/queue-metrics.ts SLICE - Connections that \`/metrics\` looks at before others get their turn.
core/server/exposition.ts AT_ONCE - Metrics that \`/metrics\` writes before others get their turn.
core/server/api/paging.ts SLICE - Items that the API looks at before others get their turn.
core/store/sqlite-link.ts MOST_UNDER_WAY - Requests that the thread of the database has at a time. Others wait; \`limits.inFlight\` and \`limits.inbox\` bound how many.
core/store/sqlite-link.ts MOST_IN_BATCH - Requests handed to that thread at a time.
core/store/sqlite-worker.ts MOST_REQUESTS - Requests of one transaction.
core/store/sqlite.ts INDEX_STEP - Messages after which the tables of places follow the log ([decision 13](decisions/0013-places-follow.md)).
core/store/sqlite-places.ts MOST_STEPS - How many times that many may wait while these tables can't be written. Then sending is refused (\`store_unavailable\`).
core/store/sqlite-memberships.ts CHUNK - Messages of each conversation read at once for a replay; \`limits.replayPage\` bounds the page.
core/store/sqlite-engine.ts SWEEP_LEAST - Old messages that a transaction removes at most, or more where it has many requests.
core/store/sqlite-engine.ts SWEEP_PER_REQUEST - How many for each of its requests then.
core/store/sqlite-engine.ts SWEEP_TICK - Old messages removed at a time while nothing else is asked.
core/server/sockjs/inlet.ts MESSAGES_PER_TURN - Messages of a SockJS session that are handed on before others get their turn.
core/store/memory-segment.ts SEGMENT_ROWS - Messages that the store in memory lets go of at a time, at most; \`limits.memory\` bounds the whole.
core/store/memory-segment.ts CHUNK_BYTES bytes Memory that it takes at a time for texts.
core/store/memory-entries.ts LARGEST_SEGMENT_BYTES bytes What such a run of messages takes at most, give or take one.
core/store/memory-spares.ts MOST_SPARES - Such runs without messages that are kept to be used again or made ready ahead, besides \`limits.memory\`: fewer where they would be more than a 64th of it.
core/store/memory-spares.ts FEWEST_SPARES - The fewest that may be, whatever part of it they are.
core/store/memory-entries.ts ORDER_SLACK - Numbers of runs of which nothing is set aside any more, before their list is copied without them.
core/store/memory-retention.ts LOOKS - Such runs that one call looks at, whether they can go, where there is little room.
core/store/memory-retention.ts LOOKS_FULL - The same, where there is none.
core/store/memory-retention.ts PRUNE_STEP - Old messages that one call removes from the store in memory.
core/store/sqlite-database.ts CHECKPOINT_PAGES - Pages of 4 KiB in the write-ahead log from which on it is carried over into the file.
core/store/sqlite-database.ts LOG_BYTES bytes What the file of the write-ahead log is cut back to afterwards.
`);

const WAITS = rowsOf(`
core/server/held-handshakes.ts AWAITED_MS ms The answer to an upgrade waits for the outcome of its login, to leave in one write with it.
core/server/held-handshakes.ts LOOK_MS ms How often it is looked whether that has come.
core/store/sqlite-link.ts UNASKED_WAIT_MS ms What no client waits for waits for a request that it can go with.
core/store/sqlite-link.ts PAUSE_MS ms What comes with many logins waits after the batch before it.
core/store/sqlite-link.ts TICK_MS ms How often the store cleans up while nothing is asked, and is tried again while it is out of order.
core/roster.ts LISTED_PER_MS - Users listed a millisecond for newcomers: the longer a list, the rarer it comes.
core/roster.ts COPIED_PER_MS - The same for a list that goes to everybody, each copy counted.
core/server/front.ts CHECK_INTERVAL_MS ms How far apart it is looked for sockets over \`limits.admission.handshake\` and \`request\`.
core/server/farewell.ts COME_BACK_AFTER_MS ms When clients that are sent away may come back, where their dialect has a word for it.
core/auth/key-set.ts RETRY_MS ms The next fetch of keys after one that failed, where \`jwks.cooldown\` is longer.
core/auth/jwt-keys.ts FILE_CHECK_MS ms How often a \`jwksFile\` is looked at.
core/event-loop-lag.ts RESOLUTION_MS ms How often the lag of the event loop is measured.
core/event-loop-lag.ts WINDOW_MS ms What \`dragoman_event_loop_lag_seconds\` looks back over.
core/outbound/caller.ts COMPLAIN_EVERY_MS ms Between two log lines that a hook is asked more than it answers. Each case is counted.
adapters/stomp/heart-beat.ts SHORTEST_MS ms The shortest heart-beat that is promised.
adapters/stomp/heart-beat.ts TOLERANCE - How many times late a heart-beat may be.
adapters/stomp/heart-beat.ts MARGIN_MS ms By how much our own is sent early, because timers have ticks.
adapters/stomp/stall.ts LEAST_PROGRESS_BYTES bytes Fewer new ones of a frame in an interval are heart-beats of a sender who believes that it is over.
`);

const MEMORIES = rowsOf(`
core/store/sqlite-conversations.ts MOST_KEPT - Conversations that the thread of the database remembers. Where there are more, it forgets all and reads them from the file again.
core/store/sqlite-backlogs.ts MOST_KEPT - Recipients whose backlog it remembers. Where there are more, the same.
core/store/received.ts MAX_RANGES - Gaps in what a user has confirmed of one conversation. What would need one more is not noted, and so it is delivered again: \`dragoman_messages_replayed_total\`.
core/integers.ts LENT_PER_SECOND - Integers of guests a second, in the long run, that a process can lend without the next one lending the same ones to others.
core/losses.ts MAX_KEYS - Kinds of losses counted apart for each endpoint, more than the dialects have. The rest is counted: \`dragoman_losses_total{event="other"}\`.
core/losses.ts MAX_EXAMPLES - Examples kept of each.
core/losses.ts MAX_NODES - Keys and entries of an example.
core/losses.ts MAX_DEPTH levels Depth of an example.
adapters/room/questions.ts MAX_WAITING - Requests that wait for the answer to the one before, of one connection to a server of the dialect room. \`upstream.limits.inFlight\` is reached first unless it is larger; then they are refused (\`upstream_unavailable\`).
adapters/stomp/client-messages.ts MAX_SENT - Own group messages, of one connection to a server of the dialect stomp, whose copy is still to come. Beyond it a copy is known by \`upstream.limits.remembered\` only.
`);

const SIZES = rowsOf(`
core/json-wire.ts MAX_DEPTH levels Nesting of a JSON frame. A deeper one is refused (\`frame_malformed\`).
adapters/socket/relay-body.ts MAX_DATA_DEPTH levels The same for the \`data\` inside of one.
core/upstream/passage.ts MAX_DEPTH levels Nesting to which objects of the same dialect on both sides are compared. Deeper ones are handed on as the codec wrote them.
core/server/api/body.ts MAX_DEPTH levels Nesting of a body of the API.
core/server/api/app.ts MAX_PARAM_LENGTH characters An id in a path of the API, escaped.
core/server/api/checked.ts MAX_ERRORS - Faults of a request that the API names.
core/server/api/operation-routes.ts PROBLEMS_NAMED - Faults of a configuration that the API names.
core/server/routes.ts MAX_BODY_BYTES bytes The body of a request that needs none.
core/server/sockjs/http-transports.ts RECEIVING_BODY_BYTES bytes The same where a SockJS client receives.
core/server/sockjs/headers.ts MAX_ID_LENGTH characters Server and session ids of SockJS.
core/auth/port.ts MAX_TOKEN_LENGTH characters A token or passcode. A longer one is a bad one: \`dragoman_failed_logins_total\`.
core/auth/jwt-keys.ts MAX_FILE_BYTES bytes A \`jwksFile\`. A larger one is not read, the keys before stay, and the log says so.
core/auth/verification-key.ts MAX_KEYS - Keys of one set.
core/config/load.ts MAX_FILE_BYTES bytes The configuration.
core/config/source.ts MAX_DEPTH levels Its nesting.
core/config/source.ts MAX_ALIASES - Aliases in it.
core/config/source.ts MAX_NODES - Values in it, aliases followed.
core/config/problem.ts MAX_PROBLEMS - Faults of it that are told.
core/frame-texts.ts MOST_LINES - Lines of one object in what is pasted to \`dragoman explain\` and \`translate\`.
core/server/api/problem.ts MAX_DETAIL characters Of what was sent, as far as an answer of the API repeats it.
core/hooks/verdict.ts MAX_TEXT characters A hook's reason, as far as a client is told.
core/outbound/answer.ts MAX_COMPLAINT characters What the log says of a wrong answer.
adapters/json/words.ts MAX_DETAIL_LENGTH characters A server's own words in an error, as far as a client is told.
adapters/room/refusals.ts MAX_QUOTE_LENGTH characters The same.
adapters/stomp/refusal.ts MAX_DETAIL characters The same.
adapters/socket/wire-schemas.ts MAX_CHANNEL_LENGTH characters Names of channels and events.
adapters/socket/wire-schemas.ts MAX_AUTH_LENGTH characters The signature for a channel.
adapters/stomp/message-type.ts MAX_URL_LENGTH characters An address that a message has instead of a text.
`);

const GROUPS = { steps: STEPS, waits: WAITS, memories: MEMORIES, sizes: SIZES };

/** Numbers that bound nothing: facts of protocols, of arithmetic and of formats, and estimates of sizes. */
const NO_BOUNDS: Readonly<Record<string, string>> = {
  'core/upstream/reconnection.ts': 'MAX_DOUBLINGS',
  'core/upstream/tellings.ts': 'SHARED_FROM',
  'core/upstream/spool.ts': 'OVERHEAD PER_DELIVERY',
  'core/upstream/client-face.ts': 'LEAVING',
  'core/integers.ts': 'LENT_FROM LENT_TO',
  'core/server/api/idempotency.ts': 'OVERHEAD_BYTES',
  'core/server/websocket-transport.ts': 'SHORT',
  'core/server/sockjs/headers.ts': 'YEAR_SECONDS',
  'core/auth/verification-key.ts': 'MIN_RSA_BITS',
  'core/auth/lease.ts': 'MAX_TIMER_MS JITTER',
  'core/payload-encryption.ts': 'NONCE_BYTES TAG_BYTES PREFIX_BYTES',
  'core/whole-frames.ts': 'LENGTH_16 LENGTH_64 SHORT_HEADER LONG_HEADER MASK',
  'core/unmask.ts': 'MASK',
  'core/close.ts': 'MAX_CLOSE_TEXT_BYTES',
  'core/config/explain.ts': 'MAX_SHOWN MAX_LISTED',
  'core/config/difference.ts': 'DEPTH',
  'core/config/hidden.ts': 'MIN_HIDDEN MIN_KNOWN',
  'core/config/fingerprint.ts': 'LENGTH',
  'core/store/sqlite-database.ts':
    'BUSY LOCKED READONLY IO_ERROR CORRUPT CANNOT_OPEN TOO_BIG CONSTRAINT NOT_A_DATABASE',
  'core/store/memory-entries.ts': 'ASIDE_BYTES',
  'core/store/memory-index.ts': 'AUTHOR_BYTES STRAY_BYTES',
  'core/store/memory-members.ts': 'CONVERSATION_BYTES MEMBERSHIP_BYTES PLACE_BYTES',
  'core/store/memory-queues.ts': 'ENTRY_BYTES',
  'core/store/memory-segment.ts':
    'CHUNK START HEAD_BYTES BODY_BYTES ID_LENGTH REST_LENGTH CONTENT_BYTES TYPE REVOKED NUMBERS SEQUENCE SENT_AT LARGE_NUMBERS MAX_UNIT_BYTES USER_BYTES TYPE_BYTES',
  'adapters/room/options.ts': 'JOIN_DATA_TYPE LEAVE_DATA_TYPE',
  // Of the canonical model, as its published schemas have them.
  'adapters/room/mapping.ts': 'MAX_NAME_LENGTH MAX_AVATAR_LENGTH MAX_DESCRIPTION_LENGTH',
  'adapters/json/peer-events.ts': 'MAX_AVATAR_LENGTH',
  'adapters/ourchat/server.ts': 'MAX_NAME_LENGTH',
  'adapters/socket/signature.ts': 'DIGEST_BYTES',
  'adapters/stomp/decoder.ts': 'NUL LF CR',
  'adapters/stomp/heart-beat.ts': 'LONGEST_MS',
  'adapters/stomp/broker-places.ts': 'MAX_DESTINATION_BYTES',
  'adapters/stomp/frame-head.ts': 'MAX_LENGTH_DIGITS',
  'adapters/stomp/stall.ts': 'NO_FRAME',
};

/** What runs beside a gateway or was made to show it: its constants bound nothing of one that serves clients. */
const ELSEWHERE =
  /\.test\.ts$|\/(test-kit|fixture|store-suite|.*-test-kit)\.ts$|\/vector|\/reference|^core\/(cli|doctor|translate|explain|dialect-vectors|reference)/;

const CONSTANT = /^(?:export )?const ([A-Z][A-Z0-9_]*)(?:: number)? = (-?[0-9][0-9_ .*]*);/gm;

/** Every constant of a running gateway that is a number in decimal digits, by `file#name`. */
export function numbersOfCode(): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const folder of ['core', 'adapters']) {
    for (const name of readdirSync(join(HOME, folder), { recursive: true, encoding: 'utf8' })) {
      const file = `${folder}/${name}`;
      if (!file.endsWith('.ts') || ELSEWHERE.test(file)) continue;
      for (const [, constant = '', value = ''] of readFileSync(join(HOME, file), 'utf8').matchAll(CONSTANT))
        found.set(`${file}#${constant}`, numberIn(value));
    }
  }
  return found;
}

/** Of digits with `*` and `**` between. */
function numberIn(text: string): number {
  const powers = text.replaceAll('_', '').replaceAll('**', '^').split('*');
  return powers
    .map((power) => power.split('^').map(Number))
    .reduce((product, [base = 0, exponent = 1]) => product * base ** exponent, 1);
}

const keyOf = ({ file, name }: Row): string => `${file}#${name}`;

/** What the tables list, and what they leave out on purpose. */
export const listedNumbers = (): readonly string[] => Object.values(GROUPS).flat().map(keyOf);
export const unlistedNumbers = (): readonly string[] =>
  Object.entries(NO_BOUNDS).flatMap(([file, names]) => names.split(' ').map((name) => `${file}#${name}`));

const shown = (value: number | undefined, unit: string): string => {
  if (value === undefined) throw new Error('a bound of docs/limits.md is no constant of the code any more');
  return `${value.toLocaleString('en-US')}${unit === '' ? '' : ` ${unit}`}`;
};

/** The tables of docs/limits.md. */
export const fixedBoundTables = (): Readonly<Record<string, () => string>> =>
  Object.fromEntries(
    Object.entries(GROUPS).map(([group, rows]) => [
      `fixed ${group}`,
      () => {
        const values = numbersOfCode();
        return table(
          ['value', 'what it bounds', 'constant'],
          rows.map((one) => [
            shown(values.get(keyOf(one)), one.unit),
            cell(one.what),
            `${code(one.name)}, ${code(one.file)}`,
          ]),
        );
      },
    ]),
  );
