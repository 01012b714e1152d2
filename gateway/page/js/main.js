// Starts the page: the bar at the top, and the view that the address names.

import { answered, pause } from "./connection.js";
import { fill, h } from "./dom.js";
import { notice } from "./dialog.js";
import { listView } from "./list/view.js";
import { keysSheet } from "./keys.js";
import { kept, remember } from "./settings.js";
import { applyTheme, themeSwitch } from "./theme.js";
import { forget } from "./token.js";

const main = document.getElementById("main");
let shown = new AbortController(); // of the view that is there: what it began ends with it
let asked = shown; // of the one that is to be shown

const VIEWS = [
  [/^\/?$/, "Recordings", async () => listView],
  [
    /^\/recordings\/([0-9a-f-]{36})$/,
    "Recording",
    async (again) => (await import(`./recording/view.js${again}`)).recordingView,
  ],
  [/^\/pools$/, "Pools", async (again) => (await import(`./pools/view.js${again}`)).poolsView],
];

function bar() {
  const link = (href, label) => h("a", { href, "data-nav": label }, label);
  const live = h("span", { class: "link" }, "");
  document.addEventListener("earshot-stream", ({ detail }) => fill(live, detail ? "Connected" : "Reconnecting"));
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
  const [name, load, found] = named(path);
  const mine = (asked = new AbortController());
  for (const each of document.querySelectorAll("#top nav a")) {
    if (each.dataset.nav === (name === "Recording" ? "Recordings" : name))
      each.setAttribute("aria-current", name === "Recording" ? "true" : "page");
    else each.removeAttribute("aria-current");
  }
  const view = await loaded(load);
  if (mine !== asked) return; // another one was asked for meanwhile
  shown.abort(new DOMException("left", "AbortError"));
  shown = mine;
  fill(main);
  document.title = `${name} · Earshot`;
  await view(main, params, mine.signal, ...found.slice(1));
}

function named(path) {
  for (const [form, name, load] of VIEWS) {
    const found = form.exec(path);
    if (found) return [name, load, found];
  }
  return ["No such page", async () => noView, []];
}

const loadedViews = new Map(); // by what loads them
let failures = 0;

// The module of a view; it is asked for again where the server does not answer, under another address: a document keeps a module that
// could not be fetched as failed (Chromium 150).
async function loaded(load) {
  for (let attempt = 0; !loadedViews.has(load); attempt += 1) {
    try {
      loadedViews.set(load, await load(failures ? `?${failures}` : ""));
      answered();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      failures += 1;
      await pause(attempt, null, null);
    }
  }
  return loadedViews.get(load);
}

function noView(element) {
  fill(
    element,
    h("h1", { tabindex: "-1" }, "There is no such page"),
    h("p", {}, h("a", { href: "#/" }, "All recordings")),
  );
}

window.addEventListener("unhandledrejection", (event) => {
  const { reason } = event;
  if (reason?.name === "AbortError")
    event.preventDefault(); // what a view asked for ended with it: no error of the page
  else notice(reason?.message ?? String(reason), { bad: true });
});
window.addEventListener("hashchange", async () => {
  const from = document.activeElement;
  await route();
  if (document.activeElement !== from && document.activeElement !== document.body) return; // it was moved meanwhile
  const heading = main.querySelector("h1");
  (heading ?? main).focus();
});
applyTheme();
bar();
route();
