// Whether the server answers. Requests that got no answer wait here, together, and are sent again.

import { fill, h } from "./dom.js";

const FIRST_SEC = 1;
const MOST_SEC = 30;
const waiting = new Set();
let ticking = null;

const text = h("span", {});
const banner = h(
  "div",
  { class: "note warn", hidden: true },
  text,
  h("button", { onclick: retry }, "Try now"),
);

/** Waits until a request may be sent again: 1, 2, 4 ... 30 s, or as long as the server asked. */
export function pause(attempt, askedSec, signal) {
  const seconds = askedSec ?? Math.min(MOST_SEC, FIRST_SEC * 2 ** Math.min(attempt, 5));
  return new Promise((resolve, reject) => {
    const entry = {
      at: Date.now() + seconds * 1000,
      go: () => {
        waiting.delete(entry);
        resolve();
      },
    };
    waiting.add(entry);
    signal?.addEventListener(
      "abort",
      () => {
        waiting.delete(entry);
        reject(signal.reason);
        if (!waiting.size) banner.hidden = true;
      },
      { once: true },
    );
    ticking ??= setInterval(tick, 250);
    show();
  });
}

/** An answer came: the server is there again. */
export function answered() {
  if (banner.hidden) return;
  banner.hidden = true;
  retry();
}

function retry() {
  for (const entry of [...waiting]) entry.go();
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

function show() {
  if (!banner.isConnected) document.getElementById("notices").append(banner);
  const seconds = Math.max(
    1,
    Math.ceil((Math.min(...[...waiting].map((each) => each.at)) - Date.now()) / 1000),
  );
  const said = `The server does not answer. Nothing is lost; the next attempt is in ${seconds} s.`;
  if (text.textContent !== said) fill(text, said);
  banner.hidden = false;
}

window.addEventListener("online", retry);
