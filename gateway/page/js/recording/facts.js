// The head of the view: what the recording is, what is missing in it and why, what can be done with it.

import { h } from "../dom.js";
import { analysis, clock, isOpen, moment, plural, sentence, words } from "../format.js";
import { stateOf } from "../list/rows.js";

/** Whether personal data is removed from its words and sound. */
export const isRedacted = (recording) => recording.analyses.includes("redaction");

export function headOf(recording, actions) {
  const facts = [
    recording.duration_ms !== null && clock(recording.duration_ms),
    recording.channels && plural(recording.channels, "channel"),
    recording.native_rate && `${recording.native_rate / 1000} kHz`,
    recording.codec,
    recording.language,
    `submitted ${moment(recording.created_at)}`,
    recording.quality?.loudness_lufs !== undefined &&
      recording.quality?.loudness_lufs !== null &&
      `${Math.round(recording.quality.loudness_lufs)} LUFS`,
    isRedacted(recording) && (isOpen(recording.state) ? "to be redacted" : "redacted"),
    recording.round > 1 && `analysed ${recording.round} times`,
  ].filter(Boolean);
  return h(
    "header",
    { class: "recording-head" },
    h(
      "div",
      {},
      h("p", { class: "small crumb" }, h("a", { href: "#/" }, "Recordings")),
      h("h1", { tabindex: "-1" }, recording.file_name),
      h("p", { class: "row small quiet" }, stateOf(recording.state), h("span", {}, facts.join(" · "))),
    ),
    h("div", { class: "row" }, actions),
  );
}

/** What could not be done, by analysis and reason; null if nothing is missing. `rerun` repeats it, where it can be. */
export function missingNote(report, rerun = null) {
  if (!report.missing.length) return null;
  const kinds = new Map();
  for (const each of report.missing) {
    const key = `${each.analysis}\n${each.code}`;
    const known = kinds.get(key) ?? { ...each, parts: 0 };
    known.parts += 1;
    kinds.set(key, known);
  }
  return h(
    "div",
    { class: "note warn" },
    h("p", {}, h("strong", {}, "A part could not be analysed.")),
    h(
      "ul",
      {},
      [...kinds.values()].map((each) =>
        h(
          "li",
          {},
          `${analysis(each.analysis)}, ${each.chunk < 0 ? "whole recording" : plural(each.parts, "part")}: ${each.detail} (${words(each.code)})`,
        ),
      ),
    ),
    rerun && h("div", { class: "row" }, h("button", { onclick: rerun }, "Analyse again what is missing")),
  );
}

export function notesOf(report) {
  const { notes, quality } = report.recording;
  const all = [...(quality?.warnings ?? []).map((each) => sentence(words(each))), ...notes];
  const releases = Object.entries(report.releases).map(
    ([name, used]) => `${analysis(name)}: ${used.join(", ")}`,
  );
  return h(
    "details",
    { class: "panel" },
    h("summary", {}, h("h2", {}, "Sound and models")),
    all.length > 0 &&
      h(
        "ul",
        { class: "small stack" },
        all.map((each) => h("li", {}, each)),
      ),
    quality && h("div", { class: "scrolls" }, tableOf(quality)),
    h("p", { class: "small quiet" }, releases.join(" · ")),
  );
}

function tableOf(quality) {
  const head = ["Channel", "Loudness", "Peak", "Signal to noise", "Bandwidth"];
  const cells = (each) => [
    each.channel + 1,
    unit(each.loudness_lufs, "LUFS"),
    unit(each.peak_dbfs, "dBFS"),
    unit(each.snr_db, "dB"),
    each.bandwidth_hz === null ? "–" : `${(each.bandwidth_hz / 1000).toFixed(1)} kHz`,
  ];
  return h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        head.map((name) => h("th", { scope: "col" }, name)),
      ),
    ),
    h(
      "tbody",
      {},
      quality.channels.map((each) =>
        h(
          "tr",
          {},
          cells(each).map((cell) => h("td", {}, cell)),
        ),
      ),
    ),
  );
}

const unit = (value, name) => (value === null || value === undefined ? "–" : `${Math.round(value)} ${name}`);
