// A recording as one page that needs nothing else: a picture of the sound, lanes with their tables, transcript, corrections. It has no
// script, and asks no host for anything. It is built of elements: text that was spoken or typed stays text.

import { Problem, api } from "../api.js";
import { fill, h, set } from "../dom.js";
import { clock, moment, percent, plural, sentence } from "../format.js";
import { figuresOf, sourceOf, totalOf } from "./conversation.js";
import { rowsOfEvidence } from "./evidence.js";
import { missingNote, notesOf } from "./facts.js";
import { STATES, kindOf, said } from "./history.js";
import { groups } from "./lane_data.js";
import { foundIn, joined, ofSpeakers } from "./sentiments.js";
import { byModel, categoriesOf, topicsOf } from "./topics.js";
import { doubted, wordsOf } from "./speech.js";

const SHEETS = ["/page/css/base.css", "/page/css/export.css"];
const SVG = "http://www.w3.org/2000/svg";
const WIDE = 1000;
const ROW = 17;
const TALL = 60;
const MARKS = 5;
const SHORT = 20; // letters of a cell that is not wrapped

/** The text of the page, of one edition of the report and its corrections. `names` gives a speaker's name in the present one. */
export async function pageOf(store, names) {
  const [sheets, peaks] = await Promise.all([
    Promise.all(SHEETS.map((path) => api(path, { as: "text" }))),
    api(`/recordings/${store.id}/peaks?zoom=0`).catch(none),
  ]);
  for (;;) {
    const { corrections, etag } = await store.listed();
    if (etag === store.edition) return drawn(store.report, corrections, peaks, sheets, names);
    await store.refresh();
  }
}

function drawn(report, corrections, peaks, sheets, names) {
  const { recording } = report;
  // It is never part of a document: in that of this page its sheet would be refused, and none is needed.
  const page = h(
    "html",
    { lang: "en", "data-theme": "light" },
    h(
      "head",
      {},
      h("meta", { charset: "utf-8" }),
      h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
      h("title", {}, recording.file_name),
      h("style", {}, sheets.join("\n")),
    ),
    h(
      "body",
      {},
      h(
        "main",
        {},
        headOf(report),
        missingNote(report),
        peaks && section("Sound", wave(peaks, report), ruler(recording.duration_ms)),
        section(
          "What was found",
          groups(report, names, null).map((group) => lane(group, recording.duration_ms)),
        ),
        section("Speakers", speakersOf(report, names)),
        report.conversation?.total.talk_ms > 0 && section("Conversation", conversationOf(report, names)),
        evidence("Topics", topicsOf(report, names), byModel(report)),
        evidence("Categories", categoriesOf(report, names)),
        section("Transcript", transcriptOf(report, names)),
        section("Corrections", correctionsOf(corrections.reverse())),
        notesOf(report),
      ),
    ),
  );
  return `<!doctype html>\n${page.outerHTML}\n`;
}

// There are none of a recording whose sound was removed.
function none(error) {
  if (error instanceof Problem) return null;
  throw error;
}

const section = (title, ...content) =>
  h("section", { class: "stack" }, h("h2", {}, title), ...content.flat());

const evidence = (title, groups, before = []) =>
  groups.length + before.length > 0 &&
  section(
    title,
    before,
    groups.length > 0 &&
      tableOf(title, [title, "At", "Speaker", "Words", "Found"], rowsOfEvidence(groups)),
  );

function headOf({ recording, transcript_language: language }) {
  const facts = [
    clock(recording.duration_ms),
    plural(recording.channels, "channel"),
    language,
    `saved ${moment(new Date().toISOString())}`,
  ].filter(Boolean);
  return h(
    "header",
    {},
    h("h1", {}, recording.file_name),
    h("p", { class: "small quiet" }, facts.join(" · ")),
  );
}

function svg(tag, given, ...children) {
  const made = document.createElementNS(SVG, tag);
  set(made, given);
  made.append(...children);
  return made;
}

const picture = (label, height, ...content) =>
  svg(
    "svg",
    {
      role: "img",
      "aria-label": label,
      viewBox: `0 0 ${WIDE} ${height}`,
      preserveAspectRatio: "none",
      height,
    },
    ...content,
  );

function wave(peaks, report) {
  const { channels, data, length } = peaks;
  const paths = Array.from({ length: channels }, (_, channel) => {
    const middle = (channel + 0.5) * TALL;
    const bars = [];
    for (let x = 0; x < WIDE; x += 1) {
      const begin = Math.floor((x * length) / WIDE);
      const end = Math.max(begin + 1, Math.floor(((x + 1) * length) / WIDE));
      let [low, high] = [0, 0];
      for (let place = begin; place < Math.min(end, length); place += 1) {
        const at = 2 * (place * channels + channel);
        low = Math.min(low, data[at]);
        high = Math.max(high, data[at + 1]);
      }
      const [up, down] = [(high / 128) * (TALL / 2), (-low / 128) * (TALL / 2)];
      bars.push(`M${x} ${(middle - up).toFixed(1)}v${Math.max(0.5, up + down).toFixed(1)}`);
    }
    const voice = report.speakers.findIndex((each) => each.channel === channel);
    return svg("path", { class: `wave v${Math.max(0, voice) % 8}`, d: bars.join("") });
  });
  return picture(`Waveform of ${plural(channels, "channel")}`, TALL * channels, ...paths);
}

const ruler = (duration) =>
  h(
    "p",
    { class: "marks small quiet num" },
    Array.from({ length: MARKS }, (_, place) => h("span", {}, clock((duration * place) / (MARKS - 1)))),
  );

function lane({ title, note, rows, table }, duration) {
  const bars = rows.flatMap((row, place) =>
    row.spans.map((each) => {
      const tall = Math.max(2, each.share * (ROW - 4));
      const look = each.alarm ? "alarm" : each.voice === undefined ? "plain" : `v${each.voice % 8}`;
      return svg(
        "rect",
        {
          class: `${look}${each.won ? "" : " faint"}`,
          x: ((each.start / duration) * WIDE).toFixed(2),
          y: ((place + 1) * ROW - 2 - tall).toFixed(1),
          width: Math.max(0.5, ((each.end - each.start) / duration) * WIDE).toFixed(2),
          height: tall.toFixed(1),
        },
        fill(svg("title", {}), each.title),
      );
    }),
  );
  const labels = rows.map((row) =>
    h("li", {}, h("span", {}, row.label), h("span", { class: "num quiet" }, row.share)),
  );
  return h(
    "div",
    { class: "group" },
    h("h3", {}, title, note && h("span", { class: "small quiet" }, ` ${note}`)),
    h(
      "div",
      { class: "track" },
      h("ul", { class: "labels" }, labels),
      picture(`${title} over time; the table has every value`, Math.max(ROW, ROW * rows.length), ...bars),
    ),
    h(
      "details",
      {},
      h("summary", {}, `Table of ${title}`),
      tableOf(
        `Table of ${title}`,
        table.head,
        table.rows.map((row) => row.cells),
      ),
    ),
  );
}

const tableOf = (title, head, rows) =>
  h(
    "div",
    { class: "scrolls", tabindex: "0", role: "region", "aria-label": title },
    h(
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
        rows.map((cells) =>
          h(
            "tr",
            {},
            cells.map((cell) => h("td", { class: String(cell).length > SHORT ? "long" : null }, cell)),
          ),
        ),
      ),
    ),
  );

function speakersOf(report, names) {
  const { speakers, recording } = report;
  if (!speakers.length) return h("p", { class: "quiet" }, "No speaker was found.");
  const sentiments = ofSpeakers(report);
  return tableOf(
    "Speakers",
    ["Speaker", "Role", "Channel", "Share", "Sentiment"],
    speakers.map((each) => [
      names(each.id),
      each.role ? sentence(each.role) : "–",
      each.channel + 1,
      percent(each.talk_ms / recording.duration_ms),
      Object.values(sentiments.get(each.id)).filter(Boolean).join(", ") || "–",
    ]),
  );
}

function conversationOf(report, names) {
  const { head, rows } = figuresOf(report, names);
  return [
    h("p", { class: "small quiet" }, sourceOf(report.conversation)),
    rows.length > 0 &&
      tableOf(
        "Figures of the conversation",
        head,
        rows.map(({ name, cells }) => [name, ...cells]),
      ),
    h("p", { class: "small" }, totalOf(report.conversation)),
  ];
}

function transcriptOf(report, names) {
  if (!report.turns.length) return h("p", { class: "quiet" }, "No speech was found.");
  const voice = new Map(report.speakers.map((each, place) => [each.id, place % 8]));
  const list = h(
    "ol",
    { class: "turns" },
    report.turns.map((turn) => {
      const corrected = report.corrections?.turns[turn.id];
      const found = [
        ...foundIn(turn),
        corrected && { text: `corrected: ${corrected.join(", ")}` },
      ].filter(Boolean);
      return h(
        "li",
        { class: `v${voice.get(turn.speaker) ?? 0}` },
        h(
          "p",
          { class: "small" },
          h("span", { class: "num" }, clock(turn.start_ms)),
          " ",
          h("strong", {}, names(turn.speaker)),
        ),
        h("p", { lang: report.transcript_language ?? null }, saidIn(report, turn)),
        h("p", { class: "small quiet" }, joined(found)),
      );
    }),
  );
  return list.querySelector("mark")
    ? [h("p", { class: "small quiet" }, "Words with a dotted line are doubtful."), list]
    : list;
}

function saidIn(report, turn) {
  const all = wordsOf(turn);
  if (!all.some((word) => doubted(report, word))) return turn.text || "(no words)";
  return all.flatMap((word, place) => [
    place > 0 && word.gap,
    doubted(report, word)
      ? h("mark", { title: `Doubtful: confidence ${percent(word.confidence)}` }, word.text)
      : word.text,
  ]);
}

function correctionsOf(all) {
  if (!all.length) return h("p", { class: "quiet" }, "None: these are the models' answers.");
  return tableOf(
    "Corrections",
    ["What", "At", "Before", "After", "State", "By", "When"],
    all.map((each) => {
      const at = (each.target?.turn ?? each.target)?.start_ms ?? null;
      return [
        kindOf(each),
        at === null ? "–" : clock(at, true),
        said(each.replaced),
        said(each.value),
        STATES[each.state] ?? each.state,
        each.made_by ?? "–",
        moment(each.made_at),
      ];
    }),
  );
}
