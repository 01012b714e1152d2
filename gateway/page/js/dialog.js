// Dialogs: a question that names how many things it is about, and a short notice.

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

/** Shows a line at the top until it is closed, or for `seconds`. */
export function notice(text, { bad = false, seconds = 0, action = null } = {}) {
  const line = h(
    "div",
    { class: `note ${bad ? "bad" : ""}` },
    h("span", {}, text),
    action &&
      h(
        "button",
        {
          onclick: () => {
            line.remove();
            action.run();
          },
        },
        action.label,
      ),
    h("button", { onclick: () => line.remove() }, "Close"),
  );
  document.getElementById("notices").append(line);
  if (seconds) setTimeout(() => line.remove(), seconds * 1000);
  return line;
}
