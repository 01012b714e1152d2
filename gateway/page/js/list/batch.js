// What is done with all selected recordings at once, after their number was confirmed.

import { api } from "../api.js";
import { acting, confirmCount } from "../dialog.js";
import { fill, h } from "../dom.js";
import { plural } from "../format.js";

const MOST = 100;

export function chosenBar(chosen, { done, clear }) {
  let sending = false;
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
    sending = true;
    show();
    try {
      await acting(
        action === "delete" ? `${many} being deleted.` : `${many} being sent for analysis.`,
        () => sent({ action, ids, ...further }),
      );
      clear();
    } finally {
      sending = false;
      show();
    }
    done();
  }

  async function sent({ action, ids, ...further }) {
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
    const reasons = refused.length ? ` Refused: ${[...new Set(refused)].slice(0, 3).join(" ")}` : "";
    const what = action === "delete" ? "Deleted" : "Sent for analysis";
    return { text: `${what}: ${worked} of ${ids.length}.${reasons}`, bad: refused.length > 0 };
  }

  function show() {
    element.hidden = !chosen.size || sending; // it is not sent twice
    fill(text, `${plural(chosen.size, "recording")} selected`);
  }

  return { element, show };
}
