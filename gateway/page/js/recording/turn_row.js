// A row of the transcript: words that can be clicked, one by one, and what was found about the turn.

import { h } from "../dom.js";
import { clock, percent, words } from "../format.js";
import { foundIn, joined } from "./sentiments.js";
import { wordsOf } from "./speech.js";

const WHY = {
  repetition: "it repeats itself",
  low_probability: "the recogniser was not sure of it",
  no_speech: "no speech was detected there",
  language_unsupported: "in a language that the recogniser does not know",
};

/** The row of a part of a turn; `view` is the transcript. */
export function turnRow(row, view) {
  const { turn } = row;
  const name = view.names(turn.speaker);
  const voice = (view.voice.get(turn.speaker) ?? 0) % 8;
  const correct = h(
    "button",
    {
      class: "plain edit",
      "data-edit": turn.id,
      "aria-expanded": view.editing === turn.id,
      "aria-label": `Correct: ${clock(turn.start_ms)} ${name}`,
    },
    "Correct",
  );
  return h(
    "li",
    {
      class: `turn v${voice}${row.first ? "" : " further"}${row.last ? " last" : ""}`,
      "data-turn": turn.id,
    },
    playFrom(row.first ? turn.start_ms : row.start),
    row.first && h("span", { class: "who" }, name),
    saidIn(row, view),
    row.last && h("span", { class: "mood" }, found(turn, view.corrected[turn.id]), correct),
  );
}

/** The row of a text that is not reported. */
export function leftRow(left) {
  return h(
    "li",
    { class: "turn left" },
    playFrom(left.start_ms),
    h("span", { class: "who" }, "Not reported"),
    h("p", { class: "said" }, left.text),
    h("span", { class: "mood" }, `Channel ${left.channel + 1}: ${WHY[left.reason] ?? words(left.reason)}`),
  );
}

const playFrom = (ms) =>
  h(
    "button",
    { class: "plain time num", "data-seek": ms, "aria-label": `Play from ${clock(ms)}` },
    clock(ms),
  );

function saidIn({ turn, from, to }, view) {
  const said = h("p", { class: "said", lang: view.report.transcript_language ?? null });
  for (let at = from; at < to; at += 1) {
    const word = wordsOf(turn)[at];
    const title = view.isMarked(word) ? `Doubtful: confidence ${percent(word.confidence)}` : null;
    if (at > from && word.gap) said.append(word.gap);
    said.append(h(title ? "mark" : "span", { "data-at": at, title }, word.text));
  }
  if (!wordsOf(turn).length) {
    said.append(h("i", { class: "quiet" }, turn.transcribed ? "(no words)" : "(not transcribed)"));
  }
  return said;
}

function found(turn, corrected) {
  return [
    h("span", {}, joined(foundIn(turn))),
    corrected && h("span", { class: "corrected" }, `corrected: ${corrected.join(", ")}`),
  ];
}
