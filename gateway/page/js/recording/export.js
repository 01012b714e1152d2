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
  return menu("Download", entries);
}

// Closed by Escape, by an entry, and by a click or the focus elsewhere.
function menu(title, entries) {
  const button = h("summary", { class: "button" }, title);
  const close = () => {
    element.open = false;
    button.focus();
  };
  const elsewhere = ({ target }) => {
    if (!element.contains(target)) element.open = false;
  };
  const element = h(
    "details",
    {
      class: "menu",
      ontoggle: () => {
        document.removeEventListener("pointerdown", elsewhere);
        if (element.open && element.isConnected) document.addEventListener("pointerdown", elsewhere);
      },
      onkeydown: (event) => {
        if (event.key !== "Escape" || !element.open) return;
        event.stopPropagation();
        close();
      },
      onfocusout: ({ relatedTarget: to }) => {
        if (to) elsewhere({ target: to });
      },
    },
    button,
    h(
      "ul",
      {},
      entries.map(([label, run]) => {
        const chosen = () => {
          close();
          return run();
        };
        return h("li", {}, h("button", { class: "plain", onclick: chosen }, label));
      }),
    ),
  );
  return element;
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
