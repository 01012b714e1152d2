// What is done with all selected recordings at once, after their number was confirmed.

import { api } from "../api.js";
import { confirmCount, notice } from "../dialog.js";
import { fill, h } from "../dom.js";
import { plural } from "../format.js";

const MOST = 100;

export function chosenBar(chosen, { done, clear }) {
  const text = h("strong", { role: "status" });
  const element = h(
    "div",
    { class: "chosen-bar", hidden: true },
    text,
    h(
      "button",
      { onclick: () => ask("rerun", { failed: true, missing: true }) },
      "Analyse again what failed",
    ),
    h(
      "button",
      { onclick: () => ask("rerun", { stale: true, failed: true, missing: true }) },
      "Analyse again with current models",
    ),
    h("button", { class: "danger", onclick: () => ask("delete") }, "Delete"),
    h("button", { class: "plain", onclick: clear }, "Clear selection"),
  );

  async function ask(action, further = {}) {
    const ids = [...chosen];
    const many = plural(ids.length, "recording");
    const sure =
      action === "delete"
        ? await confirmCount(
            `Delete ${many}?`,
            "Sound, transcript, corrections and everything found are removed for good.",
            ids.length,
            { label: `Delete ${many}`, danger: true },
          )
        : await confirmCount(
            `Analyse ${many} again?`,
            "The present results stay until new ones replace them. Corrections are kept.",
            ids.length,
            { label: `Analyse ${many}` },
          );
    if (!sure) return;
    const refused = [];
    let worked = 0;
    for (let from = 0; from < ids.length; from += MOST) {
      const part = ids.slice(from, from + MOST);
      const { results } = await api("/recordings/batch", {
        method: "POST",
        json: { action, ids: part, count: part.length, ...further },
      });
      for (const each of results)
        if (each.status < 300) worked += 1;
        else refused.push(each.detail ?? each.code);
    }
    clear();
    notice(
      `${action === "delete" ? "Deleted" : "Sent for analysis"}: ${worked} of ${ids.length}.${refused.length ? ` Refused: ${[...new Set(refused)].slice(0, 3).join(" ")}` : ""}`,
      { bad: refused.length > 0, seconds: refused.length ? 0 : 8 },
    );
    done();
  }

  return {
    element,
    show: () => {
      element.hidden = !chosen.size;
      fill(text, `${plural(chosen.size, "recording")} selected`);
    },
  };
}
