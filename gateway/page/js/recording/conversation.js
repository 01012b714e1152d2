// The figures of the conversation, each with its definition.

import { fill, h } from "../dom.js";
import { clock, plural, sentence, someOf, words } from "../format.js";
import { recall, remember } from "../settings.js";

const SOURCES = {
  channel: "Speakers by channel.",
  diarized: "Speakers by voice, on one channel: less exact than by channel.",
  mixed: "Speakers are not separated: there are figures of the call alone.",
};

/** Rows of a table: [id of the definition, name, value of a participant]. */
const ROWS = [
  ["talk", "Talk", (one) => `${clock(one.talk_ms, true)}, ${someOf(one.talk_of_call)}`],
  ["listen", "Listen", (one) => `${clock(one.listen_ms, true)}, ${someOf(one.listen_of_call)}`],
  ["words_per_minute", "Words a minute", (one) => whole(one.words_per_minute.value)],
  ["longest_monologue", "Longest monologue", (one) => clock(one.longest_monologue_ms, true)],
  ["response_gap", "Response gap", (one) => seconds(one.response_gap.median_ms)],
  ["overtalk", "Overtalk", (one) => `${clock(one.overtalk_ms, true)}, ${someOf(one.overtalk_of_call)}`],
  ["interruptions", "Interruptions", (one) => String(one.interruptions)],
  ["back_channels", "Back-channels", (one) => String(one.back_channels)],
  ["loudness", "Loudness", (one) => (one.loudness ? `${Math.round(one.loudness.lufs)} LUFS` : "–")],
  ["first_speech", "First words at", (one) => moment(one.first_speech_ms)],
  ["sentiment_shift", "Shift of sentiment", (one) => signed(one.sentiment_shift.value)],
];
const whole = (value) => (value === null ? "–" : String(Math.round(value)));
const seconds = (ms) => (ms === null ? "–" : `${(ms / 1000).toFixed(1)} s`);
const moment = (ms) => (ms === null ? "–" : clock(ms, true));
const signed = (value) => (value === null ? "–" : `${value > 0 ? "+" : ""}${value.toFixed(2)}`);

/** Head and rows of the table of participants; no rows where speakers are not separated. */
export function figuresOf({ conversation }, names) {
  const people = conversation.participants;
  const called = (each) => (each.speakers.length === 1 ? names(each.speakers[0]) : sentence(each.name));
  return {
    head: ["Figure", ...people.map(called)],
    rows: people.length ? ROWS.map(([id, name, value]) => ({ id, name, cells: people.map(value) })) : [],
  };
}

/** One line about the whole recording. */
export function totalOf({ total }) {
  return [
    `speech ${clock(total.talk_ms, true)} (${someOf(total.talk_of_call)})`,
    `silence ${clock(total.silence_ms, true)} (${someOf(total.silence_of_call)})`,
    total.hold_music_ms > 0 &&
      `hold music ${clock(total.hold_music_ms, true)} (${someOf(total.hold_music_of_call)})`,
    `overtalk ${clock(total.overtalk_ms, true)} (${someOf(total.overtalk_of_call)})`,
    plural(total.interruptions, "interruption"),
  ]
    .filter(Boolean)
    .join(", ");
}

export const sourceOf = ({ source }) => SOURCES[source] ?? source;

export class Conversation {
  constructor(names) {
    this.names = names;
    this.body = h("div", { class: "stack" });
    this.element = h(
      "details",
      {
        class: "panel wide",
        open: recall("conversationOpen", true),
        ontoggle: () => remember("conversationOpen", this.element.open),
      },
      h("summary", {}, h("h2", {}, "Conversation")),
      this.body,
    );
  }

  show(report) {
    const { conversation } = report;
    this.element.hidden = !conversation || !conversation.total.talk_ms;
    if (this.element.hidden || this.shown === conversation) return;
    this.shown = conversation;
    this.meanings ??= definitions(conversation.definitions); // they stay as they are, and open
    const { head, rows } = figuresOf(report, this.names);
    fill(
      this.body,
      h("p", { class: "small quiet" }, sourceOf(conversation)),
      rows.length > 0 && h("div", { class: "scrolls" }, tableOf(head, rows)),
      h("p", { class: "small" }, totalOf(conversation)),
      this.meanings,
    );
  }
}

const tableOf = (head, rows) =>
  h(
    "table",
    { class: "figures", "aria-label": "Figures of the conversation" },
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
      rows.map(({ id, name, cells }) =>
        h(
          "tr",
          { "data-figure": id },
          h("th", { scope: "row" }, name),
          cells.map((cell) => h("td", { class: "num" }, cell)),
        ),
      ),
    ),
  );

const definitions = (all) =>
  h(
    "details",
    {},
    h("summary", { class: "small" }, "What the figures mean"),
    h(
      "dl",
      { class: "small meanings" },
      all.flatMap((each) => [
        h("dt", {}, words(each.id)),
        h("dd", {}, each.definition, limitsOf(each.thresholds)),
      ]),
    ),
  );

function limitsOf(thresholds) {
  const limits = Object.entries(thresholds).map(([name, value]) =>
    name.endsWith("_ms")
      ? `${words(name.slice(0, -3))} ${value} ms`
      : `${words(name)} ${value}`,
  );
  return limits.length > 0 && h("span", { class: "quiet" }, ` ${limits.join(", ")}.`);
}
