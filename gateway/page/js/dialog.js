// Dialogs: a question that names how many things it is about. Lines at the top: notices, and what became of an action.

import { field, h } from "./dom.js";

/** Opens a dialog with this title and content; `close` ends it, and so does another view. */
export function open(title, ...content) {
  const heading = h("h2", { id: "dialog-title", tabindex: "-1" }, title);
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, heading, content);
  const before = document.activeElement;
  const leave = () => dialog.close();
  window.addEventListener("hashchange", leave);
  dialog.addEventListener("close", () => {
    window.removeEventListener("hashchange", leave);
    dialog.remove();
    if (before?.isConnected) before.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Whether the number of things was typed and confirmed. */
export function confirmCount(title, text, count, action) {
  return new Promise((resolve) => {
    const input = h("input", { inputmode: "numeric", autocomplete: "off", name: "count" });
    const go = h(
      "button",
      { class: action.danger ? "danger" : "primary", type: "submit", disabled: true },
      action.label,
    );
    input.addEventListener("input", () => {
      go.disabled = input.value.trim() !== String(count);
    });
    let sure = false;
    const dialog = open(
      title,
      h(
        "form",
        {
          method: "dialog",
          onsubmit: () => {
            sure = true;
          },
        },
        h("p", {}, text),
        field(`Type ${count} to confirm`, input),
        h(
          "div",
          { class: "row" },
          go,
          h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
        ),
      ),
    );
    dialog.addEventListener("close", () => resolve(sure));
    input.focus();
  });
}

/** Shows a line at the top until it is closed. */
export function notice(text, { bad = false } = {}) {
  const line = h(
    "div",
    { class: `note ${bad ? "bad" : ""}` },
    h("span", {}, text),
    h("button", { onclick: () => line.remove() }, "Close"),
  );
  document.getElementById("notices").append(line);
  return line;
}

const ended = new Set(); // lines of actions that ended well

/**
 * Does `work`, and shows `text` meanwhile, then the {text, bad} that it gives: until that is closed or, where it is not bad, until
 * the next action. Errors of `work` are the caller's.
 */
export async function acting(text, work) {
  for (const each of ended) each.remove();
  ended.clear();
  const line = notice(text);
  try {
    const result = await work();
    const said = notice(result.text, result);
    if (!result.bad) ended.add(said);
  } finally {
    line.remove();
  }
}
