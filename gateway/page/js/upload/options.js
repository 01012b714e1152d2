// How uploads are analysed, as chosen in the panel.

import { recall } from "../settings.js";

/** What the form of an upload is filled with. */
export function options() {
  const chosen = recall("tuning", {});
  return {
    ...(chosen.language && { language: chosen.language }),
    ...sidesOf(chosen),
    ...(chosen.speakers && { speakers: chosen.speakers }),
    ...(chosen.glossary && { glossary: chosen.glossary }),
    ...(chosen.redact && { redact: "true" }),
    ...(recall("audioClassification", true) ? {} : { profile: "live" }),
  };
}

// Whose the channels are: by the recorder that made the file, else by their order; a direction beside an order is refused.
function sidesOf({ recorder, direction, roles }) {
  if (roles && !recorder) return { roles: roles === "none" ? "" : roles };
  return { ...(recorder && { recorder }), ...(direction && { direction }) };
}
