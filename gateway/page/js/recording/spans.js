// Stretches: as lanes draw them, and which of another report is meant by one.

/** {start, end} in ms, and what is given beside. */
export const span = (each, further) => ({ start: each.start_ms, end: each.end_ms, ...further });

/** Milliseconds that two turns have in common; 0 on different channels. */
const common = (one, other) =>
  one.channel === other.channel
    ? Math.max(0, Math.min(one.end_ms, other.end_ms) - Math.max(one.start_ms, other.start_ms))
    : 0;

/** The turn that has most in common with this one; null if none has anything. */
export function mostOf(turns, turn) {
  let [found, most] = [null, 0];
  for (const each of turns) {
    const ms = common(each, turn);
    if (ms > most) [found, most] = [each, ms];
  }
  return found;
}

/** The turn of another round that is this one: more than half of either is the same; null without one. */
export function sameTurn(turns, turn) {
  const found = mostOf(turns, turn);
  const longer = found && Math.max(found.end_ms - found.start_ms, turn.end_ms - turn.start_ms);
  return found && common(found, turn) > longer / 2 ? found : null;
}

/** The speaker of another round whose turns are more than half those of this one; null without one. */
export function sameSpeaker(before, now, id) {
  const own = before.turns.filter((each) => each.speaker === id);
  const total = own.reduce((sum, each) => sum + each.end_ms - each.start_ms, 0);
  const spent = new Map();
  for (const each of now.turns)
    for (const turn of own) spent.set(each.speaker, (spent.get(each.speaker) ?? 0) + common(each, turn));
  const [found, most] = [...spent].sort((a, b) => b[1] - a[1])[0] ?? [null, 0];
  return most > total / 2 ? found : null;
}
