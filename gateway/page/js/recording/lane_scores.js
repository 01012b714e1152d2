// Emotion and sentiment of the turns as lanes: a row a label, in which every turn has its share.

import { clock, percent, someOf, words } from "../format.js";
import { span } from "./spans.js";

const LEAST_SHARE = 0.2;
const EMOTIONS = ["neutral", "happy", "angry", "sad", "frustrated", "surprised", "unclear"];
const SENTIMENTS = ["positive", "neutral", "negative", "unclear"];

function scored({ report, names, voice }, key, order) {
  const turns = report.turns.filter((turn) => turn[key]);
  if (!turns.length) return null;
  const labels = [...new Set([...order, ...turns.flatMap((turn) => Object.keys(turn[key].scores))])];
  const total = turns.reduce((sum, turn) => sum + turn.end_ms - turn.start_ms, 0);
  const rows = labels
    .map((label) => {
      const won = turns.filter((turn) => turn[key].label === label);
      const spans = turns.flatMap((turn) => {
        const is = turn[key].label === label;
        const share = turn[key].scores[label] ?? (is ? turn[key].confidence : 0); // unclear has none
        return share >= LEAST_SHARE || is
          ? [
              span(turn, {
                share,
                won: is,
                voice: voice.get(turn.speaker),
                title: `${names(turn.speaker)}: ${words(label)} ${percent(share)}${is ? "" : ", not the answer"}`,
              }),
            ]
          : [];
      });
      return {
        label: words(label),
        share: won.length
          ? someOf(won.reduce((sum, turn) => sum + turn.end_ms - turn.start_ms, 0) / total)
          : "–",
        spans,
      };
    })
    .filter((row) => row.spans.length);
  return { turns, rows };
}

export function emotion(context) {
  const found = scored(context, "emotion", EMOTIONS);
  return (
    found && {
      id: "emotion",
      title: "Emotion over time",
      note: "height: share of each label; solid: the answer; share of the speech",
      rows: found.rows,
      table: turnTable(context, found.turns, "emotion", "Emotion"),
    }
  );
}

export function sentiment(context) {
  const found = scored(context, "sentiment", SENTIMENTS);
  if (!found) return null;
  const overall = context.report.sentiment
    .map(
      (each) =>
        `${context.names(each.speaker)} ${words(each.label)}${each.abstained ? "" : ` ${percent(each.confidence)}`}`,
    )
    .join(", ");
  return {
    id: "sentiment",
    title: "Sentiment by role",
    note: overall,
    rows: found.rows,
    table: turnTable(context, found.turns, "sentiment", "Sentiment"),
  };
}

function turnTable({ names }, turns, key, title) {
  return {
    head: ["From", "To", "Speaker", title, "Shares"],
    rows: turns.map((turn) => ({
      at: turn.start_ms,
      cells: [
        clock(turn.start_ms, true),
        clock(turn.end_ms, true),
        names(turn.speaker),
        `${words(turn[key].label)} ${percent(turn[key].confidence)}`,
        shares(turn[key].scores),
      ],
    })),
  };
}

const shares = (scores) =>
  Object.entries(scores)
    .sort((a, b) => b[1] - a[1])
    .map(([label, share]) => `${words(label)} ${percent(share)}`)
    .join(", ");
