// What the lanes show, out of a report: groups of rows, one row a label, with spans in ms and shares.
// A span: {start, end, share, won, voice, title}; `won`: the label is the answer there.

import { clock, percent, plural, sentence, someOf, words } from "../format.js";
import { emotion, sentiment } from "./lane_scores.js";
import { span } from "./spans.js";

const MOST_ROWS = 8;
const SCENES = ["speech", "music", "noise", "silence", "other", "unclear"];

/** All groups of a report. `names`: id of a speaker to its name; `rejected`: what was not reported, or null. */
export function groups(report, names, rejected) {
  const { duration_ms: duration } = report.recording;
  const voice = new Map(report.speakers.map((each, place) => [each.id, place]));
  const context = { report, names, duration, voice };
  return [
    emergencies(context),
    speakers(context),
    emotion(context),
    sentiment(context),
    scene(context),
    noise(context),
    sounds(context, rejected),
  ].filter(Boolean);
}

function stretches({ duration }, id, title, found, note) {
  if (!found?.length) return null;
  const rows = byLabel(found, duration);
  return {
    id,
    title,
    note,
    rows,
    table: {
      head: ["From", "To", "Label", "Confidence"],
      rows: found.map((each) => ({
        at: each.start_ms,
        span: [each.start_ms, each.end_ms],
        label: each.label,
        cells: [
          clock(each.start_ms, true),
          clock(each.end_ms, true),
          words(each.label),
          percent(each.confidence),
        ],
      })),
    },
  };
}

function byLabel(found, duration) {
  const labels = new Map();
  for (const each of found) {
    const row = labels.get(each.label) ?? { label: words(each.label), ms: 0, spans: [] };
    row.ms += each.end_ms - each.start_ms;
    row.spans.push(
      span(each, {
        share: each.confidence,
        won: true,
        title: `${words(each.label)} ${percent(each.confidence)}`,
      }),
    );
    labels.set(each.label, row);
  }
  const rows = [...labels.values()].sort((a, b) => b.ms - a.ms).slice(0, MOST_ROWS);
  for (const row of rows) row.share = someOf(row.ms / duration);
  return rows;
}

function scene(context) {
  const { scene: found, scene_overall: overall } = context.report;
  const note = overall && `overall ${words(overall.label)} ${percent(overall.confidence)}`;
  const made = stretches(context, "scene", "Scene", found, note);
  if (made) made.editable = { kind: "scene", labels: SCENES };
  return made;
}

function noise(context) {
  const found = context.report.noise;
  if (!found) return null;
  const why = [
    found.bandwidth_limited && "recorded below 32 kHz",
    found.narrow && "parts in the telephone band",
  ]
    .filter(Boolean)
    .join(", ");
  const made = stretches(context, "noise", "Noise", found.timeline, why);
  if (made) made.editable = { kind: "noise", labels: ["no_noise", "unclear", ...found.coverage] };
  return made;
}

function sounds(context, rejected) {
  const found = context.report.sounds ?? [];
  const made =
    stretches(context, "sounds", "Sound events", found, "") ??
    (rejected?.sounds.length
      ? {
          id: "sounds",
          title: "Sound events",
          rows: [],
          table: { head: ["From", "To", "Label", "Confidence"], rows: [] },
        }
      : null);
  if (!made || !rejected) return made;
  made.table.head.push("Not reported because");
  for (const each of rejected.sounds) {
    let row = made.rows.find((other) => other.label === words(each.label));
    if (!row) {
      row = { label: words(each.label), share: "–", spans: [] };
      made.rows.push(row);
    }
    row.spans.push(
      span(each, {
        share: Math.max(each.peak, 0.15),
        rejected: true,
        title: `${words(each.label)} ${percent(each.peak)}, not reported: ${whySound(each)}`,
      }),
    );
    made.table.rows.push({
      at: each.start_ms,
      greyed: true,
      cells: [
        clock(each.start_ms, true),
        clock(each.end_ms, true),
        words(each.label),
        percent(each.peak),
        sentence(whySound(each)),
      ],
    });
  }
  made.table.rows.sort((a, b) => a.at - b.at);
  return made;
}

function whySound({ reason, limit, start_ms: start, end_ms: end }) {
  if (reason === "threshold") return `an event must reach ${percent(limit)}`;
  if (reason === "duration")
    return `it lasts ${end - start} ms, and an event must last ${Math.round(limit)} ms`;
  return `fainter than ${Math.round(limit)} dBFS, which counts as silence`;
}

function emergencies({ report }) {
  if (!report.emergencies.length) return null;
  const spans = report.emergencies.map((each) =>
    span(each, { share: 1, won: true, alarm: true, title: `${alarm(each)} at ${each.frequency_hz} Hz` }),
  );
  return {
    id: "emergencies",
    title: "Emergencies",
    alarm: true,
    note: plural(spans.length, "fire alarm"),
    rows: [{ label: "fire alarm", share: "", spans }],
    table: {
      head: ["From", "To", "Alarm", "Frequency", "Correlation"],
      rows: report.emergencies.map((each) => ({
        at: each.start_ms,
        cells: [
          clock(each.start_ms, true),
          clock(each.end_ms, true),
          alarm(each),
          `${each.frequency_hz} Hz`,
          percent(each.confidence),
        ],
      })),
    },
  };
}

const alarm = ({ pattern }) => (pattern === "T3" ? "Smoke or evacuation (T3)" : "Carbon monoxide (T4)");

function speakers({ report, names, duration, voice }) {
  if (!report.turns.length) return null;
  return {
    id: "speakers",
    title: "Speakers",
    note: "share of the recording",
    rows: report.speakers.map((each) => ({
      label: names(each.id),
      share: someOf(each.talk_ms / duration),
      spans: report.turns
        .filter((turn) => turn.speaker === each.id)
        .map((turn) =>
          span(turn, {
            share: 1,
            won: true,
            voice: voice.get(each.id),
            title: `${names(each.id)}: ${turn.text.slice(0, 60)}`,
          }),
        ),
    })),
    table: {
      head: ["From", "To", "Speaker", "Said"],
      rows: report.turns.map((turn) => ({
        at: turn.start_ms,
        cells: [
          clock(turn.start_ms, true),
          clock(turn.end_ms, true),
          names(turn.speaker),
          turn.text || "(no words)",
        ],
      })),
    },
  };
}
