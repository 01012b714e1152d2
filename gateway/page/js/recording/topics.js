// What the recording is about, and the rules that it matches: groups of places for `Evidence`.

import { h } from "../dom.js";
import { percent, plural, sentence, words } from "../format.js";

/** Topics by the glossary, with their mentions. */
export const topicsOf = ({ topics }, names) =>
  (topics?.topics ?? []).map(({ label, mentions }) => ({
    title: label,
    note: plural(mentions.length, "mention"),
    places: mentions.map((each) => ({
      start: each.start_ms,
      who: names(each.speaker),
      said: each.text,
      note: each.match === "exact" ? "exact" : `approximate, ${percent(each.score)} of “${each.term}”`,
    })),
  }));

/** What a language model says: elements; none where none was asked. */
export function byModel({ topics }) {
  const found = topics?.by_model;
  if (!found) return [];
  const list = (title, all) => all.length > 0 && [h("dt", {}, title), h("dd", {}, all.join("; "))];
  return [
    h(
      "div",
      { class: "small" },
      h("p", { class: "quiet" }, `By the language model ${found.model}`),
      found.status === "classified"
        ? [
            found.summary && h("p", { lang: found.summary_language }, found.summary),
            h(
              "dl",
              { class: "meanings" },
              list(
                "Topics",
                found.topics.map((each) => each.label),
              ),
              list("Issues", found.issues),
              list("Actions", found.actions),
            ),
          ]
        : h("p", {}, `Not classified: ${found.detail ?? words(found.reason ?? "")}`),
    ),
  ];
}

/** Rules that match, with the places where their conditions hold. */
export function categoriesOf({ categories = [], turns }, names) {
  const byId = new Map(turns.map((each) => [each.id, each]));
  return categories.map(({ name, version, hits, hits_total: total }) => ({
    title: name,
    note: [
      `version ${version}`,
      total === 1 ? "1 match" : `${total.toLocaleString("en")} matches`,
      total > hits.length && `the first ${hits.length} here`,
    ]
      .filter(Boolean)
      .join(", "),
    places: hits.map((each) => placeOf(each, byId.get(each.turn), names)),
  }));
}

function placeOf(hit, turn, names) {
  const { kind, value, first_word: first, last_word: last } = hit;
  const found = turn && first !== null ? turn.words.slice(first, last + 1) : [];
  const spoken = ["words", "regex"].includes(kind);
  return {
    start: hit.start_ms,
    who: turn ? names(turn.speaker) : hit.role && sentence(hit.role),
    said: spoken ? found.map((each) => each.text).join(" ") || value.phrase || turn?.text : null,
    note: spoken ? (kind === "regex" ? "expression" : null) : sayingOf(kind, value),
  };
}

function sayingOf(kind, { label, confidence, ms, figure, value, absent }) {
  if (kind === "not") return `not found: ${words(absent)}`;
  if (kind === "figure") return `${words(figure)} ${Number(value.toFixed(2))}`;
  const sure = typeof confidence === "number" ? ` ${percent(confidence)}` : "";
  const long = typeof ms === "number" ? ` ${(ms / 1000).toFixed(1)} s` : "";
  return `${words(kind)}${label ? ` ${words(label)}` : ""}${sure}${long}`;
}
