// Analysing a recording again: which analyses, and with how many speakers.

import { Problem, api } from "../api.js";
import { check, field, fill, h } from "../dom.js";
import { acting, open } from "../dialog.js";
import { analysis, plural } from "../format.js";

// Reasons beside the file itself for which it was not read: it is read again.
const SURROUNDINGS = new Set([
  "disk_full",
  "store_unavailable",
  "source_unavailable",
  "endpoint_unavailable",
  "growing",
  "redis_away",
  "postgres_away",
]);
const UNREAD = "The file could not be read; upload it again";
const REFUSED = {
  still_open: "It is being analysed already.",
  never_decoded: `${UNREAD}.`,
  audio_expired: "Its sound was removed for its age; upload it again.",
  same_content: "The same sound was uploaded again since; analyse that recording.",
};

/** The button by which a closed recording is analysed again, with why it cannot be; `sent` is called when it was asked for. */
export function againButton(recording, sent) {
  const unread = recording.duration_ms === null;
  const hopeless = unread && !SURROUNDINGS.has(recording.error_code);
  const ask = () => (unread ? again(recording.id, { failed: true }, sent) : askAgain(recording, sent));
  return [
    h(
      "button",
      { disabled: hopeless, "aria-describedby": hopeless ? "again-why" : null, onclick: ask },
      "Analyse again",
    ),
    hopeless && h("span", { class: "small quiet", id: "again-why" }, `${UNREAD}.`),
  ];
}

/** Asks which analyses to repeat, and sends it; `sent` is called then. */
function askAgain(recording, sent) {
  const chosen = new Set();
  const boxes = recording.analyses.map((name) =>
    check(analysis(name), false, (on) => {
      if (on) chosen.add(name);
      else chosen.delete(name);
      show();
    }),
  );
  const all = check("All", false, (on) => {
    for (const name of recording.analyses) if (on) chosen.add(name);
    if (!on) chosen.clear();
    for (const each of boxes) each.firstChild.checked = on;
    show();
  });
  const hint = h("p", { class: "small quiet", role: "status" });
  const show = () => {
    go.disabled = !chosen.size;
    fill(hint, !chosen.size && "Choose at least one analysis.");
    all.firstChild.checked = chosen.size === boxes.length;
    all.firstChild.indeterminate = chosen.size > 0 && chosen.size < boxes.length;
  };
  const speakers = h("input", { size: 5, placeholder: "any", pattern: "\\d+(-\\d+)?" });
  const go = h("button", { class: "primary", type: "submit", disabled: true }, "Analyse again");
  const dialog = open(
    "Analyse again",
    h(
      "form",
      {
        method: "dialog",
        onsubmit: async () => {
          const json = { analyses: [...chosen] };
          const [, least, most] = /^(\d+)(?:-(\d+))?$/.exec(speakers.value.trim()) ?? [];
          if (least && chosen.has("diarization"))
            json.speakers = { min: Number(least), max: Number(most ?? least) };
          await again(recording.id, json, sent);
        },
      },
      h(
        "p",
        { class: "small" },
        "What is shown stays until the new results replace it. Corrections are kept.",
      ),
      h(
        "fieldset",
        { class: "stack" },
        h("legend", { class: "hidden-text" }, "Analyses"),
        all,
        boxes,
      ),
      recording.analyses.includes("diarization") && field("Number of speakers", speakers),
      hint,
      h(
        "div",
        { class: "row" },
        go,
        h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
      ),
    ),
  );
  show();
}

/** Analyses a recording again and says so, or why not; `sent` is called then. */
export async function again(id, json, sent) {
  await acting("Being sent for analysis.", async () => {
    try {
      const { jobs } = await api(`/recordings/${id}/rerun`, { method: "POST", json });
      return { text: jobs ? `Sent for analysis: ${plural(jobs, "job")}.` : "There is nothing to repeat." };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return { text: `Not analysed again. ${REFUSED[error.code] ?? error.message}`, bad: true };
    }
  });
  sent();
}
