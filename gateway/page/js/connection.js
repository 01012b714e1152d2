// Whether the server answers. Requests that got no answer, or were put off, wait here, together, and are sent again.

import { fill, h } from "./dom.js";

const FIRST_SEC = 1;
const MOST_SEC = 30;
const NOTHING = "The server does not answer. Nothing is lost.";
const waiting = new Set();
let ticking = null;

const text = h("span", {});
const banner = h(
  "div",
  { class: "note warn", hidden: true },
  text,
  h("button", { onclick: () => retry() }, "Try now"),
);

/**
 * Waits until a request may be sent again: 1, 2, 4 ... 30 s, or as long as the server asked. `said`: why the server put it off;
 * null where it did not answer.
 */
export function pause(attempt, askedSec, signal, said = null) {
  const seconds = askedSec ?? Math.min(MOST_SEC, FIRST_SEC * 2 ** Math.min(attempt, 5));
  return new Promise((resolve, reject) => {
    const left = () => {
      waiting.delete(entry);
      reject(signal.reason);
      if (waiting.size) show();
      else banner.hidden = true;
    };
    const entry = {
      said,
      at: Date.now() + seconds * 1000,
      go: () => {
        waiting.delete(entry);
        signal?.removeEventListener("abort", left);
        resolve();
      },
    };
    waiting.add(entry);
    signal?.addEventListener("abort", left);
    ticking ??= setInterval(tick, 250);
    show();
  });
}

/** An answer came: the server is there again. What it put off itself waits on. */
export function answered() {
  if (banner.hidden) return;
  retry((each) => each.said === null);
  if (waiting.size) show();
  else banner.hidden = true;
}

function retry(which = () => true) {
  for (const entry of [...waiting].filter(which)) entry.go();
}

function tick() {
  const now = Date.now();
  for (const entry of [...waiting]) if (entry.at <= now) entry.go();
  if (waiting.size) show();
  else {
    clearInterval(ticking);
    ticking = null;
  }
}

// It stays while requests are sent again, until one is answered.
function show() {
  if (!banner.isConnected) document.getElementById("notices").append(banner);
  const first = [...waiting].reduce((one, other) => (other.at < one.at ? other : one));
  const seconds = Math.max(1, Math.ceil((first.at - Date.now()) / 1000));
  const line = `${first.said ?? NOTHING} The next attempt is in ${seconds} s.`;
  if (text.textContent !== line) fill(text, line);
  banner.hidden = false;
}

window.addEventListener("online", () => retry());
