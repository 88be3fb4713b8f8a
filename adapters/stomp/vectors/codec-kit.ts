/** Shorthand for vectors of the codec. */

/** As many numbered headers as asked for. */
export const numbered = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `h${n}:${n}`);
