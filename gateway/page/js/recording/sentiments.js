// The sentiment of the voice, of the words, and of both together, of a turn or a speaker.

import { h } from "../dom.js";
import { percent, plural, words } from "../format.js";

const WHY = {
  no_words: "none were recognised",
  too_short: "one word",
  too_long: "more than the model reads at once",
  language_unsupported: "in a language that the model does not know",
  not_transcribed: "they were not transcribed",
  corrected: "a person rewrote them after they were scored",
  other_role: "a corrected role has another model",
  outdated: "the scores are of older words",
};
const PLAIN = ["no_words", "not_transcribed", "too_short"]; // the transcript shows it
const ALONE = { voice: " (voice alone)", text: " (words alone)" };

/** "emotion neutral 61 %"; null without an answer. */
const answer = (name, one) =>
  one && `${name} ${words(one.label)}${one.abstained ? "" : ` ${percent(one.confidence)}`}`;

/**
 * Emotion and sentiments of a turn, as {text, title, opposed}. Left out is what both together would only repeat, and why words are
 * not scored where the transcript shows it.
 */
export function foundIn({ emotion, sentiment: voice, text_sentiment: text, fusion }) {
  const both = fusion?.basis === "both" || text?.status === "scored" ? fusion : null;
  const parts = [
    emotion && { text: answer("emotion", emotion) },
    voice && { text: answer("voice", voice), title: "Sentiment of the voice" },
    text && !PLAIN.includes(text.reason) && ofWords(text),
    both && ofBoth(both),
    fusion?.opposed && { text: "words and voice opposed", title: differing(fusion), opposed: true },
  ];
  return parts.filter(Boolean);
}

/** Over the whole recording, of each speaker by id: {voice, words, both, opposed} as texts; null where nothing answered. */
export function ofSpeakers({ speakers, sentiment, text_sentiment: text, fusion }) {
  const by = (all, id) => all?.find((each) => each.speaker === id);
  return new Map(
    speakers.map(({ id }) => {
      const scored = by(text?.speakers, id)?.overall;
      const both = by(fusion?.speakers, id);
      return [
        id,
        {
          voice: answer("voice", by(sentiment, id)) ?? null,
          words: scored ? spelled(ofWords(scored)) : null,
          both: both?.overall.label ? ofBoth(both.overall).text : null,
          opposed: both?.opposed_turns
            ? `words and voice opposed in ${plural(both.opposed_turns, "turn")}`
            : null,
        },
      ];
    }),
  );
}

/** The parts as elements with points between them. */
export const joined = (parts) =>
  parts.flatMap(({ text, title, opposed }, place) => [
    place > 0 && " · ",
    h(opposed ? "strong" : "span", { class: opposed ? "opposed" : null, title }, text),
  ]);

const ofWords = (text) =>
  text.status === "scored"
    ? { text: answer("words", text), title: `Sentiment of ${plural(text.words, "word")}` }
    : { text: "words not scored", title: WHY[text.reason] ?? words(text.reason ?? "") };

const spelled = ({ text, title }) => (text === "words not scored" ? `${text}: ${title}` : text);

const ofBoth = (fusion) =>
  fusion.label !== null && {
    text: `${answer("both", fusion)}${ALONE[fusion.basis] ?? ""}`,
    title: differing(fusion),
  };

const differing = ({ disagreement }) =>
  disagreement === null ? null : `Disagreement of words and voice: ${percent(disagreement)}`;
