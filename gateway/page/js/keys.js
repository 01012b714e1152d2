// Keys: views name theirs, one sheet lists them, and single keys can be switched off.

import { check, h } from "./dom.js";
import { open } from "./dialog.js";
import { recall, remember } from "./settings.js";

const sets = [];
const EVERYWHERE = [{ key: "?", label: "This list", run: () => keysSheet() }];

/** Adds keys [{key, shows, label, run}] with a title until `signal` ends. */
export function withKeys(title, keys, signal) {
  const entry = { title, keys };
  sets.push(entry);
  signal.addEventListener("abort", () => sets.splice(sets.indexOf(entry), 1));
}

export function keysSheet() {
  if (document.querySelector("dialog[open]")) return;
  const tables = [...sets, { title: "Everywhere", keys: EVERYWHERE }].map(({ title, keys }) =>
    h(
      "section",
      {},
      h("h3", {}, title),
      h(
        "table",
        {},
        h(
          "tbody",
          {},
          keys.map(({ key, shows, label }) =>
            h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, shows ?? key)), h("td", {}, label)),
          ),
        ),
      ),
    ),
  );
  const dialog = open(
    "Shortcuts",
    h(
      "div",
      { class: "stack" },
      tables,
      check("Use single keys as shortcuts", recall("keys", true), (on) => remember("keys", on)),
      h("p", { class: "small quiet" }, "Every shortcut has a button, too."),
      h("div", { class: "row" }, h("button", { onclick: () => dialog.close() }, "Close")),
    ),
  );
}

const TYPING = "input:not([type=checkbox]), textarea, select, dialog, [contenteditable]";

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || !recall("keys", true))
    return;
  if (event.target.closest?.(TYPING)) return;
  if (event.key === " " && event.target.closest?.("button, a, summary, input, [role=slider] button")) return;
  const wanted = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  for (const { keys } of [...sets, { keys: EVERYWHERE }]) {
    const found = keys.find((each) => each.key === wanted || each.also === wanted);
    if (found) {
      event.preventDefault();
      found.run();
      return;
    }
  }
});
