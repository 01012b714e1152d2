// A row of the list.

import { h } from "../dom.js";
import { STATES, clock, isOpen, moment } from "../format.js";

/** The row of a recording; `pick` is called when it is selected or no longer is. */
export function rowOf(recording, pick) {
  const box = h("input", {
    type: "checkbox",
    "aria-label": `Select ${recording.file_name}`,
    onchange: () => pick(box.checked),
  });
  const element = h(
    "tr",
    { "data-id": recording.id },
    h("td", { class: "pick" }, box),
    h(
      "td",
      { class: "file" },
      h("a", { href: `#/recordings/${recording.id}` }, recording.file_name),
      recording.error_code && h("span", { class: "why" }, recording.error_detail ?? recording.error_code),
    ),
    h("td", {}, stateOf(recording.state)),
    h("td", { class: "num" }, recording.duration_ms === null ? "–" : clock(recording.duration_ms)),
    h("td", { class: "num wide" }, recording.channels ?? "–"),
    h("td", { class: "wide" }, recording.language),
    h("td", { class: "num-left wide quiet" }, moment(recording.created_at)),
  );
  return { element, box, recording };
}

export const stateOf = (state) =>
  h("span", { class: `state ${state}${isOpen(state) ? " open" : ""}` }, STATES[state] ?? state);
