// Analysing a recording again: which analyses, and with how many speakers.

import { api } from "../api.js";
import { check, field, h } from "../dom.js";
import { notice, open } from "../dialog.js";
import { plural, sentence, words } from "../format.js";

/** Asks which analyses to repeat, and sends it; `sent` is called then. */
export function askAgain(recording, sent) {
  const chosen = new Set();
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
        recording.analyses.map((name) =>
          check(sentence(words(name)), false, (on) => {
            if (on) chosen.add(name);
            else chosen.delete(name);
            go.disabled = !chosen.size;
          }),
        ),
      ),
      recording.analyses.includes("diarization") && field("Speakers, for diarization", speakers),
      h(
        "div",
        { class: "row" },
        go,
        h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
      ),
    ),
  );
}

export async function again(id, json, sent) {
  const { jobs } = await api(`/recordings/${id}/rerun`, { method: "POST", json });
  notice(jobs ? `Sent for analysis: ${plural(jobs, "job")}.` : "There is nothing to repeat.", { seconds: 8 });
  sent();
}
