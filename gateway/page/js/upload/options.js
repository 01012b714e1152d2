// How uploads are analysed, as chosen in the panel.

import { recall } from "../settings.js";

/** What the form of an upload is filled with. */
export function options() {
  const chosen = recall("tuning", {});
  return {
    ...(chosen.language && { language: chosen.language }),
    ...(chosen.roles && { roles: chosen.roles === "none" ? "" : chosen.roles }),
    ...(chosen.speakers && { speakers: chosen.speakers }),
    ...(recall("audioClassification", true) ? {} : { profile: "live" }),
  };
}
