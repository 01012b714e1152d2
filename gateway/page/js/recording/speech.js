// Turns as rows of words. A long turn is cut into rows, so that only what is in view need exist.

const MOST_WORDS = 60;
const LEAST_WORDS = 30;
const ENDS = /[.!?。！？…]["'”’)]*$/;

/**
 * Rows in order of time: {turn, place, from, to, first, last, start, end} with words `from` to `to` of the turn, or {left, start, end}
 * for text that is not reported.
 */
export function rowsOf(turns, leftOut) {
  const rows = turns.flatMap((turn, place) =>
    cut(turn).map(([from, to], part, all) => ({
      turn,
      place,
      from,
      to,
      first: part === 0,
      last: part === all.length - 1,
      start: part === 0 ? turn.start_ms : wordsOf(turn)[from].start,
      end: part === all.length - 1 ? turn.end_ms : wordsOf(turn)[to].start,
    })),
  );
  if (!leftOut.length) return rows;
  return [...rows, ...leftOut.map((each) => ({ left: each, start: each.start_ms, end: each.end_ms }))].sort(
    (a, b) => a.start - b.start,
  );
}

function cut(turn) {
  const all = wordsOf(turn);
  const parts = [];
  let from = 0;
  for (let place = 0; place < all.length; place += 1) {
    const length = place - from + 1;
    if (length >= MOST_WORDS || (length >= LEAST_WORDS && ENDS.test(all[place].text))) {
      parts.push([from, place + 1]);
      from = place + 1;
    }
  }
  if (from < all.length || !parts.length) parts.push([from, all.length]);
  if (parts.length > 1 && all.length - parts.at(-1)[0] < 8) {
    const rest = parts.pop();
    parts[parts.length - 1][1] = rest[1];
  }
  return parts;
}

const kept = new WeakMap(); // of turns, which stay as the server gave them

/** The words of a turn: {text, gap, start, end, confidence}. A text without words of its own is spread over the turn. */
export function wordsOf(turn) {
  if (!kept.has(turn)) kept.set(turn, made(turn));
  return kept.get(turn);
}

/** Whether a word is doubtful: below the bound of its recogniser. One that a person wrote is sure. */
export function doubted(report, word) {
  const bound = report.transcript_confidence?.doubtful_below ?? null;
  return bound !== null && word.confidence !== null && word.confidence < bound;
}

function made(turn) {
  const gap = gapOf(turn);
  if (gap !== null) {
    return turn.words.map((word) => ({
      text: word.text,
      gap,
      start: word.start_ms,
      end: word.end_ms,
      confidence: word.confidence,
      timing: word.timing,
    }));
  }
  const texts = turn.text.split(/\s+/).filter(Boolean);
  const length = (turn.end_ms - turn.start_ms) / Math.max(1, texts.length);
  return texts.map((text, place) => ({
    text,
    gap: " ",
    start: Math.round(turn.start_ms + place * length),
    end: Math.round(turn.start_ms + (place + 1) * length),
    confidence: null,
    timing: "interpolated",
  }));
}

function gapOf(turn) {
  if (!turn.words.length) return null;
  const texts = turn.words.map((word) => word.text);
  if (texts.join(" ") === turn.text) return " ";
  return texts.join("") === turn.text ? "" : null;
}

/** Place of the last of these, in order of `start`, that begins at `ms` or before; -1 without one. */
export function lastBefore(list, ms, start) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (start(list[middle]) <= ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
