// Downloads: the report in the formats of the server, and the page that is made of the report that is shown.

import { api } from "../api.js";
import { h } from "../dom.js";

const FORMATS = [
  ["Transcript (text)", "txt"],
  ["Subtitles (WebVTT)", "vtt"],
  ["Subtitles (SubRip)", "srt"],
  ["Speakers (RTTM)", "rttm"],
  ["Speakers (Praat)", "TextGrid"],
  ["Table (CSV)", "csv"],
];

export function downloads(store, names, hasAudio) {
  const base = () => store.report.recording.file_name.replace(/\.[^.]*$/, "") || "recording";
  const exported = (suffix) => {
    const asked = new URLSearchParams({ format: suffix.toLowerCase() });
    if (suffix === "csv") asked.set("excel", "true"); // opened in a spreadsheet, where a text must not be calculated
    return api(`/recordings/${store.id}/export?${asked}`, { as: "blob" });
  };
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
    ...FORMATS.map(([label, suffix]) => [label, async () => save(`${base()}.${suffix}`, await exported(suffix))]),
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
