// Downloads: the report as the server has it, and what is made of the report that is shown, corrections included.

import { api } from "../api.js";
import { h } from "../dom.js";
import { clock } from "../format.js";
import { wordsOf } from "./speech.js";

const CUE_MS = 7000;
const CUE_LETTERS = 84;

export function downloads(store, names, hasAudio) {
  const base = () => store.report.recording.file_name.replace(/\.[^.]*$/, "") || "recording";
  const entries = [
    [
      "Report (JSON)",
      async () => save(`${base()}.json`, await api(`/recordings/${store.id}/report`, { as: "blob" })),
    ],
    [
      "Page (HTML)",
      async () => {
        const { pageOf } = await import("./page_export.js");
        save(`${base()}.html`, file("text/html", await pageOf(store, names)));
      },
    ],
    ["Transcript (text)", () => save(`${base()}.txt`, file("text/plain", asText(store.report, names)))],
    ["Subtitles (WebVTT)", () => save(`${base()}.vtt`, file("text/vtt", asVtt(store.report, names)))],
    hasAudio && [
      "Sound (WAV)",
      async () => {
        const { ticket } = await api(`/sessions/${store.id}/audio-ticket`, { method: "POST", again: true });
        follow(`/sessions/${store.id}/audio?ticket=${ticket}`, `${base()}.wav`);
      },
    ],
  ].filter(Boolean);
  return h(
    "details",
    { class: "menu" },
    h("summary", { class: "button" }, "Download"),
    h(
      "ul",
      {},
      entries.map(([label, run]) => h("li", {}, h("button", { class: "plain", onclick: run }, label))),
    ),
  );
}

const asText = (report, names) =>
  report.turns
    .filter((turn) => turn.text)
    .map((turn) => `[${clock(turn.start_ms)}] ${names(turn.speaker)}: ${turn.text}`)
    .join("\n") + "\n";

function asVtt(report, names) {
  const cues = report.turns.flatMap((turn) =>
    cuesOf(turn).map(
      ({ start, end, text }) =>
        `${stamp(start)} --> ${stamp(end)}\n<v ${escaped(names(turn.speaker))}>${escaped(text)}</v>`,
    ),
  );
  return `WEBVTT\n\n${cues.join("\n\n")}\n`;
}

function cuesOf(turn) {
  const cues = [];
  for (const word of wordsOf(turn)) {
    const cue = cues.at(-1);
    if (cue && word.end - cue.start <= CUE_MS && cue.text.length + word.text.length < CUE_LETTERS) {
      cue.text += word.gap + word.text;
      cue.end = word.end;
    } else cues.push({ start: word.start, end: word.end, text: word.text });
  }
  return cues;
}

const stamp = (ms) =>
  `${String(Math.floor(ms / 3600000)).padStart(2, "0")}:${String(Math.floor(ms / 60000) % 60).padStart(2, "0")}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}.${String(ms % 1000).padStart(3, "0")}`;
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const file = (type, text) => new Blob([text], { type });

function save(name, content) {
  const url = URL.createObjectURL(content);
  follow(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function follow(href, download) {
  const link = h("a", { href, download });
  document.body.append(link);
  link.click();
  link.remove();
}
