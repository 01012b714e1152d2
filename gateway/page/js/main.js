// Starts the page: the bar at the top, and the view that the address names.

import { fill, h } from "./dom.js";
import { notice } from "./dialog.js";
import { listView } from "./list/view.js";
import { keysSheet } from "./keys.js";
import { kept, remember } from "./settings.js";
import { applyTheme, themeSwitch } from "./theme.js";
import { forget } from "./token.js";

const main = document.getElementById("main");
let leave = () => {};
let shown = 0;

const VIEWS = [
  [/^\/?$/, "Recordings", async () => listView],
  [
    /^\/recordings\/([0-9a-f-]{36})$/,
    "Recording",
    async () => (await import("./recording/view.js")).recordingView,
  ],
  [/^\/pools$/, "Pools", async () => (await import("./pools/view.js")).poolsView],
];

function bar() {
  const link = (href, label) => h("a", { href, "data-nav": label }, label);
  const live = h("span", { class: "link" }, "");
  document.addEventListener("earshot-stream", ({ detail }) => fill(live, detail ? "Live" : "Reconnecting"));
  fill(
    document.getElementById("top"),
    h("button", { class: "skip", onclick: () => main.focus() }, "Skip to content"),
    h("a", { class: "name", href: "#/" }, h("img", { src: "/page/icon.svg", alt: "" }), "Earshot"),
    h("nav", { "aria-label": "Pages" }, link("#/", "Recordings"), link("#/pools", "Pools")),
    h("span", { class: "fill" }),
    live,
    h(
      "button",
      { class: "plain", "aria-haspopup": "dialog", onclick: keysSheet },
      "Shortcuts ",
      h("kbd", {}, "?"),
    ),
    themeSwitch(),
    h(
      "button",
      {
        class: "plain",
        onclick: () => {
          forget();
          for (const name of kept("draft.")) remember(name, null);
          location.reload();
        },
      },
      "Sign out",
    ),
  );
}

async function route() {
  const [path, query] = location.hash.slice(1).split("?");
  const params = new URLSearchParams(query);
  for (const [form, name, load] of VIEWS) {
    const found = form.exec(path);
    if (!found) continue;
    const turn = (shown += 1);
    for (const each of document.querySelectorAll("#top nav a")) {
      if (each.dataset.nav === (name === "Recording" ? "Recordings" : name))
        each.setAttribute("aria-current", name === "Recording" ? "true" : "page");
      else each.removeAttribute("aria-current");
    }
    const view = await load();
    if (turn !== shown) return;
    leave();
    leave = () => {};
    fill(main);
    document.title = `${name} · Earshot`;
    const left = (await view(main, params, ...found.slice(1))) ?? (() => {});
    if (turn === shown) leave = left;
    else left(); // another one was opened meanwhile
    return;
  }
  leave();
  leave = () => {};
  fill(
    main,
    h("h1", { tabindex: "-1" }, "There is no such page"),
    h("p", {}, h("a", { href: "#/" }, "All recordings")),
  );
}

window.addEventListener("unhandledrejection", ({ reason }) => {
  if (reason?.name === "AbortError") return;
  notice(reason?.message ?? String(reason), { bad: true });
});
window.addEventListener("hashchange", async () => {
  await route();
  const heading = main.querySelector("h1");
  (heading ?? main).focus();
});
applyTheme();
bar();
route();
