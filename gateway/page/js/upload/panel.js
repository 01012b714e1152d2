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
// Those whose side of the agent is documented (docs/roles.md).
const RECORDERS = [
  ["", "Default"],
  ["amazon-connect", "Amazon Connect"],
  ["azure-voice-agent", "Azure voice agent"],
  ["freeswitch", "FreeSWITCH"],
  ["freeswitch-swap", "FreeSWITCH, swapped"],
  ["sarvam", "Sarvam"],
  ["telnyx", "Telnyx"],
  ["twilio", "Twilio"],
  ["twilio-flex", "Twilio Flex"],
  ["vicidial", "VICIdial"],
  ["vonage", "Vonage"],
];
const DIRECTIONS = [
  ["", "Default"],
  ["inbound", "Inbound: the customer calls"],
  ["outbound", "Outbound: the agent calls"],
];
const LIVE_WHY = "Live sound comes by earshot listen or WS /transcribe/stream; this page has no microphone yet.";

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
  const keep = (name) => (value) => {
    remember("tuning", { ...recall("tuning", {}), [name]: value });
    exclude();
  };
  const speakers = h("input", {
    size: 5,
    placeholder: "any",
    pattern: "\\d+(-\\d+)?",
    value: chosen.speakers ?? "",
    onchange: () => {
      if (speakers.checkValidity()) keep("speakers")(speakers.value.trim());
    },
  });
  const glossary = h("input", {
    size: 12,
    placeholder: "default",
    pattern: "[a-z0-9][a-z0-9_\\-]{0,31}",
    value: chosen.glossary ?? "",
    onchange: () => {
      if (glossary.checkValidity()) keep("glossary")(glossary.value.trim());
    },
  });
  const roles = choice(ROLES, chosen.roles ?? "", keep("roles"));
  const recorder = choice(RECORDERS, chosen.recorder ?? "", keep("recorder"));
  const direction = choice(DIRECTIONS, chosen.direction ?? "", keep("direction"));
  for (const each of [roles, direction]) each.setAttribute("aria-describedby", "sides-tip");
  const exclude = () => {
    roles.disabled = recorder.value !== "";
    direction.disabled = roles.value !== "" && recorder.value === "";
  };
  exclude();
  const details = h(
    "details",
    { open: recall("tuningOpen", false), ontoggle: () => remember("tuningOpen", details.open) },
    h("summary", {}, "ASR Tuning"),
    h(
      "fieldset",
      { class: "tuning" },
      h("legend", { class: "hidden-text" }, "ASR Tuning"),
      field("Language", choice(LANGUAGES, chosen.language ?? "", keep("language"))),
      field("Channels", roles),
      field("Recorder", recorder),
      field("Direction", direction),
      field("Speakers", speakers),
      field("Glossary", glossary),
      check(
        "Audio classification",
        recall("audioClassification", true),
        (on) => remember("audioClassification", on),
        {
          "aria-describedby": "classification-tip",
          title: "Classifies the scene and the emotion of each recording",
        },
      ),
      check("Redact personal data", chosen.redact ?? false, keep("redact"), {
        "aria-describedby": "redact-tip",
      }),
      h(
        "p",
        { class: "tip", id: "sides-tip" },
        "Whose each channel is comes from the recorder and the direction of the call, or from a chosen order of the channels: not from both.",
      ),
      h(
        "p",
        { class: "tip", id: "redact-tip" },
        "Redaction removes card, account and telephone numbers and addresses from the words and the sound. The sound is withheld until then.",
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
