// Light or dark: as the system says, until it is chosen here.

import { choice } from "./dom.js";
import { recall, remember } from "./settings.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

export function applyTheme() {
  const chosen = recall("theme", "system");
  document.documentElement.dataset.theme = chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
  document.dispatchEvent(new Event("earshot-theme"));
}

export const themeSwitch = () =>
  choice(
    [
      ["system", "System theme"],
      ["light", "Light"],
      ["dark", "Dark"],
    ],
    recall("theme", "system"),
    (value) => {
      remember("theme", value);
      applyTheme();
    },
    { "aria-label": "Theme" },
  );

dark.addEventListener("change", applyTheme);
