// Replacing words everywhere in the transcript: what would change is counted and shown first; all of it is one step of undo.

import { open } from "../dialog.js";
import { check, field, fill, h } from "../dom.js";
import { clock, plural } from "../format.js";

const SHOWN = 5;
const AROUND = 60; // letters
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/u; // no spaces between words
const BEFORE = "(?<![\\p{L}\\p{M}\\p{N}_]['’]?)";
const BEHIND = "(?!['’]?[\\p{L}\\p{M}\\p{N}_])";

/** The turns in which words are found: [{turn, count, text, at}], with the text as it would be, and where it first differs. */
function replacements(turns, { find, by, cased }) {
  const words = find.trim().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const letters = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s+");
  const [first, last] = [[...words[0]][0], [...words.at(-1)].at(-1)];
  const form = new RegExp(
    `${UNSPACED.test(first) ? "" : BEFORE}${letters}${UNSPACED.test(last) ? "" : BEHIND}`,
    cased ? "gu" : "giu",
  );
  return turns.flatMap((turn) => {
    let [count, at] = [0, 0];
    const replaced = turn.text.replace(form, (...given) => {
      if (!count) at = given.find((each) => typeof each === "number");
      count += 1;
      return by;
    });
    const text = replaced.replace(/\s+/g, " ").trim();
    return count && text !== turn.text ? [{ turn, count, text, at }] : [];
  });
}

function around(text, at) {
  const [from, to] = [at < AROUND ? 0 : text.lastIndexOf(" ", at - AROUND / 2) + 1, at + AROUND];
  return `${from ? "… " : ""}${text.slice(from, to)}${to < text.length ? " …" : ""}`;
}

/** Asks for the words, and replaces them. */
export function askReplacing(store) {
  const find = h("input", { autocomplete: "off", maxlength: 200 });
  const by = h("input", { autocomplete: "off", maxlength: 200 });
  let cased = false;
  const status = h("p", { class: "small", role: "status" });
  const list = h("ul", { class: "small stack" });
  const go = h("button", { class: "primary", type: "submit", disabled: true }, "Replace");
  const wanted = () => ({ find: find.value, by: by.value.trim(), cased });
  const count = () => {
    go.disabled = true;
    const asked = wanted();
    const all = replacements(store.report.turns, asked);
    const found = all.filter((each) => each.text);
    const emptied = all.length - found.length;
    const verb = asked.by ? "Replace" : "Remove";
    const places = found.reduce((sum, each) => sum + each.count, 0);
    go.disabled = !places;
    fill(go, places ? `${verb} ${places.toLocaleString("en")}` : verb);
    fill(
      status,
      places
        ? `${plural(places, "place")} in ${plural(found.length, "turn")}.`
        : !emptied && find.value.trim() && "None.",
      emptied > 0 && ` ${plural(emptied, "turn")} would have no word left and ${emptied === 1 ? "is" : "are"} not changed.`,
    );
    fill(
      list,
      found
        .slice(0, SHOWN)
        .map(({ turn, text, at }) => h("li", {}, `${clock(turn.start_ms)} `, h("q", {}, around(text, at)))),
      found.length > SHOWN &&
        h("li", { class: "quiet" }, `and ${plural(found.length - SHOWN, "further turn")}`),
    );
  };
  for (const each of [find, by]) each.addEventListener("input", count);
  const send = async (event) => {
    event.preventDefault();
    const asked = wanted();
    for (const each of [find, by, go]) each.disabled = true;
    try {
      await store.makeAll(
        (turns) => replacements(turns, asked).filter(({ text }) => text),
        (number) => fill(status, `${asked.by ? "Replacing" : "Removing"}: ${plural(number, "turn")} done`),
      );
      dialog.close();
    } catch (error) {
      fill(status, `Not all were ${asked.by ? "replaced" : "removed"}: ${error.message}`);
      for (const each of [find, by, go]) each.disabled = false;
    }
  };
  const dialog = open(
    "Replace words",
    h(
      "form",
      { onsubmit: send },
      h(
        "p",
        { class: "small quiet" },
        "Whole words, in every turn of this recording. Undo takes all back at once.",
      ),
      field("Find", find),
      field("Replace with", by),
      check("Match upper and lower case", false, (on) => {
        cased = on;
        count();
      }),
      status,
      list,
      h(
        "div",
        { class: "row" },
        go,
        h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
      ),
    ),
  );
  find.focus();
}
