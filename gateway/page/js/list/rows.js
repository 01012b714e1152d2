// A row of the list.

import { fill, h, set } from "../dom.js";
import { STATES, clock, isOpen, moment } from "../format.js";

/**
 * The row of a recording: {element, box, recording, show}. `pick` is called when it is selected or no longer is; `show(recording)`
 * draws what changed of it.
 */
export function rowOf(first, pick) {
  const box = h("input", { type: "checkbox", onchange: () => pick(box.checked) });
  const link = h("a", { href: `#/recordings/${first.id}` });
  const why = h("span", { class: "why" });
  const cells = ["", "num", "num wide", "wide", "num-left wide quiet"].map((name) =>
    h("td", { class: name || null }),
  );
  const element = h(
    "tr",
    { "data-id": first.id },
    h("td", { class: "pick" }, box),
    h("td", { class: "file" }, link, why),
    cells,
  );
  const row = { element, box, recording: null };
  row.show = (recording) => {
    if (JSON.stringify(recording) === JSON.stringify(row.recording)) return;
    row.recording = recording;
    set(box, { "aria-label": `Select ${recording.file_name}` });
    fill(link, recording.file_name);
    fill(why, recording.error_code && (recording.error_detail ?? recording.error_code));
    why.hidden = !recording.error_code;
    const texts = [
      stateOf(recording.state),
      recording.duration_ms === null ? "–" : clock(recording.duration_ms),
      recording.channels ?? "–",
      recording.language,
      moment(recording.created_at),
    ];
    texts.forEach((text, place) => fill(cells[place], text));
    document.dispatchEvent(new CustomEvent("earshot-listed", { detail: recording }));
  };
  row.show(first);
  return row;
}

export const stateOf = (state) =>
  h("span", { class: `state ${state}${isOpen(state) ? " open" : ""}` }, STATES[state] ?? state);
