// When work is done: after the last of many calls, or at most once in a while.

/** Calls `work` once, `ms` after the last call; `.now()` at once if a call waits. */
export function debounced(work, ms) {
  let timer = null;
  const run = () => {
    timer = null;
    return work();
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(run, ms);
  };
  later.now = () => {
    if (timer === null) return undefined;
    clearTimeout(timer);
    return run();
  };
  later.drop = () => {
    clearTimeout(timer);
    timer = null;
  };
  return later;
}

/**
 * A function that has `work` done at once, and then at most once in `ms` and never twice at a time: what is asked for meanwhile is
 * done once, after that. `work` may be asynchronous; nothing is done after `signal` ended.
 */
export function paced(work, ms, signal) {
  let [timer, busy, asked] = [null, false, false];
  const run = async () => {
    [busy, asked] = [true, false];
    try {
      await work();
    } finally {
      busy = false;
      if (!signal.aborted)
        timer = setTimeout(() => {
          timer = null;
          if (asked) run();
        }, ms);
    }
  };
  signal.addEventListener("abort", () => clearTimeout(timer));
  return () => {
    if (signal.aborted) return undefined;
    if (!busy && timer === null) return run();
    asked = true;
    return undefined;
  };
}
