// What could not be loaded, in words. It is asked for again after a while, and as soon as the server is back.

import { Problem } from "./api.js";
import { fill, h } from "./dom.js";
import { keepFocus } from "./redraw.js";

const FIRST_SEC = 3;
const MOST_SEC = 60;

/**
 * {element, attempt}: `attempt(work)` does asynchronous work, says what the server refused, and calls `again()` later. Other errors
 * are the caller's. All ends with `signal`.
 */
export function trouble(what, again, signal) {
  const element = h("div", { role: "status" });
  let [timer, count] = [null, 0];
  const retry = () => {
    clearTimeout(timer);
    again();
  };
  const say = (error) => {
    const seconds = error.afterSec ?? Math.min(MOST_SEC, FIRST_SEC * 2 ** count);
    count += 1;
    const line = `${what} could not be loaded: ${error.message} The next attempt is in ${seconds} s, or when something of it changes.`;
    const note = h(
      "div",
      { class: "note bad row" },
      h("span", {}, line),
      h("button", { onclick: retry }, "Try now"),
    );
    keepFocus(element, () => fill(element, note));
    timer = setTimeout(retry, seconds * 1000);
  };
  document.addEventListener(
    "earshot-stream",
    ({ detail: live }) => {
      if (live && element.hasChildNodes()) retry();
    },
    { signal },
  );
  signal.addEventListener("abort", () => clearTimeout(timer));
  const attempt = async (work) => {
    clearTimeout(timer);
    try {
      await work();
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof Problem)) throw error;
      say(error);
      return;
    }
    count = 0;
    fill(element);
  };
  return { element, attempt };
}
