// Drop or choose files; how they are to be analysed; how far each is.

import { check, choice, field, h } from "../dom.js";
import { arrange } from "../redraw.js";
import { recall, remember } from "../settings.js";
import { add, jobs } from "./jobs.js";

const LANGUAGES = [
  ["", "Default"],
  ["und", "Detect"],
  ["en", "English"],
  ["fr", "French"],
  ["de", "German"],
  ["es", "Spanish"],
  ["it", "Italian"],
  ["pt", "Portuguese"],
  ["nl", "Dutch"],
  ["ar", "Arabic"],
  ["ja", "Japanese"],
  ["zh", "Chinese"],
];
const ROLES = [
  ["", "Default"],
  ["agent,customer", "1 agent, 2 customer"],
  ["customer,agent", "1 customer, 2 agent"],
  ["none", "Mixed: one room"],
];
const LIVE_WHY = "Live transcription is not available on this server yet.";

/** The panel, until `signal` ends; its uploads go on. */
export function uploadPanel(signal) {
  const files = h("input", {
    type: "file",
    multiple: true,
    class: "hidden-text",
    tabindex: "-1",
    "aria-label": "Files to upload",
    onchange: () => {
      add([...files.files]);
      files.value = "";
    },
  });
  const list = h("ul", { class: "jobs", "aria-label": "Uploads" });
  const element = h(
    "section",
    { class: "upload", "aria-label": "Upload" },
    h(
      "div",
      { class: "lead" },
      h("button", { class: "primary", onclick: () => files.click() }, "Upload recordings"),
      files,
      h("button", { disabled: true, "aria-describedby": "live-why" }, "Live"),
      h("span", { class: "small quiet", id: "live-why" }, LIVE_WHY),
      tuning(),
    ),
    list,
  );
  const over = (on) => (event) => {
    event.preventDefault();
    element.classList.toggle("over", on);
  };
  element.addEventListener("dragover", over(true));
  element.addEventListener("dragleave", over(false));
  element.addEventListener("drop", (event) => {
    over(false)(event);
    add([...event.dataTransfer.files]);
  });
  const show = () =>
    arrange(
      list,
      jobs().map((job) => job.element),
    );
  document.addEventListener("earshot-uploads", show, { signal });
  show();
  return element;
}

function tuning() {
  const chosen = recall("tuning", {});
  const keep = (name) => (value) => remember("tuning", { ...recall("tuning", {}), [name]: value });
  const speakers = h("input", {
    size: 5,
    placeholder: "any",
    pattern: "\\d+(-\\d+)?",
    value: chosen.speakers ?? "",
    onchange: () => {
      if (speakers.checkValidity()) keep("speakers")(speakers.value.trim());
    },
  });
  const details = h(
    "details",
    { open: recall("tuningOpen", false), ontoggle: () => remember("tuningOpen", details.open) },
    h("summary", {}, "ASR Tuning"),
    h(
      "fieldset",
      { class: "tuning" },
      h("legend", { class: "hidden-text" }, "ASR Tuning"),
      field("Language", choice(LANGUAGES, chosen.language ?? "", keep("language"))),
      field("Channels", choice(ROLES, chosen.roles ?? "", keep("roles"))),
      field("Speakers", speakers),
      check(
        "Audio classification",
        recall("audioClassification", true),
        (on) => remember("audioClassification", on),
        {
          "aria-describedby": "classification-tip",
          title: "Classifies the scene and the emotion of each recording",
        },
      ),
      h(
        "p",
        { class: "tip", id: "classification-tip" },
        "Audio classification finds the scene (speech, music, noise, silence) and the emotion of the speakers. Without it a recording is transcribed sooner.",
      ),
    ),
  );
  return details;
}
