/** Times of a zone that their text does not name, to the whole second: `2025-12-14T10:30:00`. */

/** The last instant that has a year of four digits in every zone; later ones are written as this one. */
const LATEST_MS = Date.UTC(9999, 11, 31);

/** Seconds and a fraction may be absent (Java leaves out zeros); a zone may be present, and is then believed. */
const LOCAL_TIME =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?$/;

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Writes and reads times of one zone. Made once per endpoint, because the formatter is costly to make. */
export class LocalTime {
  readonly #formatter: Intl.DateTimeFormat;
  /** Messages come many to the second: the last second's text is kept. */
  #lastSecond = Number.NaN;
  #lastText = '';

  /** @throws RangeError if there is no such zone; the options' schema has checked it before. */
  constructor(timeZone: string) {
    this.#formatter = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
  }

  /** Epoch ms as local time; the fraction of the second is cut off. */
  format(epochMs: number): string {
    const second = Math.floor(Math.min(Math.max(epochMs, 0), LATEST_MS) / 1000);
    if (second !== this.#lastSecond) {
      this.#lastText = this.#write(second * 1000);
      this.#lastSecond = second;
    }
    return this.#lastText;
  }

  /**
   * Local time as epoch ms; null if it is no time, or before 1970. A time that a zone has twice (clocks set
   * back) is read as one of the two; one that it skips, as the same distance past the gap or before it.
   */
  parse(text: string): number | null {
    const match = LOCAL_TIME.exec(text);
    if (match === null) return null;
    const [, year, month, day, hour, minute, second = '00', fraction = '', zone] = match;
    const milliseconds = fraction.slice(0, 3).padEnd(3, '0');
    const asUtc = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}Z`);
    if (Number.isNaN(asUtc)) return null;
    const epochMs = zone === undefined ? this.#fromLocal(asUtc) : asUtc - zoneOffset(zone);
    return epochMs >= 0 && epochMs <= LATEST_MS ? epochMs : null;
  }

  #fromLocal(asUtc: number): number {
    const guess = asUtc - this.#offsetAt(asUtc);
    return asUtc - this.#offsetAt(guess);
  }

  /** How far the zone is ahead of UTC at an instant, ms. */
  #offsetAt(epochMs: number): number {
    const second = Math.floor(epochMs / 1000) * 1000;
    return Date.parse(`${this.#write(second)}Z`) - second;
  }

  #write(epochMs: number): string {
    const parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
    for (const { type, value } of this.#formatter.formatToParts(epochMs)) parts[type] = value;
    const year = (parts.year ?? '').padStart(4, '0');
    return `${year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}`;
  }
}

/** `Z`, `+08:00` or `-03:30` in ms. */
function zoneOffset(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}
