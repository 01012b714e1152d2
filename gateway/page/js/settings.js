// What the page remembers in this browser. Storage may be refused; then it lasts as long as the page.

const memory = new Map();
const PREFIX = "earshot.";

function storage(kind) {
  try {
    return window[kind];
  } catch {
    return null;
  } // refused by the browser
}

/** The value under a name, or `otherwise`. */
export function recall(name, otherwise, kind = "localStorage") {
  const text = storage(kind)?.getItem(PREFIX + name) ?? memory.get(kind + name) ?? null;
  if (text === null) return otherwise;
  try {
    return JSON.parse(text);
  } catch {
    return otherwise;
  } // written by another program
}

/** Keeps a value; null removes it. */
export function remember(name, value, kind = "localStorage") {
  const text = value === null ? null : JSON.stringify(value);
  if (text === null) memory.delete(kind + name);
  else memory.set(kind + name, text);
  try {
    if (text === null) storage(kind)?.removeItem(PREFIX + name);
    else storage(kind)?.setItem(PREFIX + name, text);
  } catch {
    /* full: the memory above has it */
  }
}

/** Names that are kept and begin so. */
export function kept(begin) {
  const found = storage("localStorage");
  if (!found) return [];
  return Object.keys(found)
    .filter((key) => key.startsWith(PREFIX + begin))
    .map((key) => key.slice(PREFIX.length));
}
