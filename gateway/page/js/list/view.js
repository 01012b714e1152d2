// The list: uploads, filters, rows, selection.

import { api } from "../api.js";
import { fill, h } from "../dom.js";
import { listen } from "../events.js";
import { isOpen, plural } from "../format.js";
import { withKeys } from "../keys.js";
import { paced } from "../pace.js";
import { arrange, keepFocus } from "../redraw.js";
import { trouble } from "../trouble.js";
import { uploadPanel } from "../upload/panel.js";
import { chosenBar } from "./batch.js";
import { filterBar, queryOf } from "./filters.js";
import { rowOf } from "./rows.js";

const PAGE = 50;
const MOST = 200; // of one request
const EVERY_MS = 300;

export function listView(main, params, signal) {
  const chosen = new Set();
  const rows = new Map(); // in the order in which they are shown
  let next = null;
  const body = h("tbody", {});
  const table = h(
    "table",
    { class: "recordings" },
    h("caption", { class: "hidden-text" }, "Recordings, newest first"),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { class: "pick" }, pickAll()),
        ["Name", "State"].map((name) => h("th", { scope: "col" }, name)),
        h("th", { class: "num", scope: "col" }, "Length"),
        h("th", { class: "num", scope: "col" }, "Channels"),
        h("th", { scope: "col" }, "Language"),
        h("th", { scope: "col" }, "Submitted"),
      ),
    ),
    body,
  );
  const empty = h("div", { class: "empty", hidden: true });
  const more = h("button", { hidden: true, onclick: () => ask("more") }, "Show more");
  const count = h("span", { class: "small quiet", role: "status" });
  const bar = chosenBar(chosen, {
    done: () => refresh(),
    clear: () => {
      chosen.clear();
      paint();
    },
  });
  const { element: filters, search } = filterBar(params, () => ask("anew"), signal);
  const failed = trouble("The list", () => ask("again"), signal);

  fill(
    main,
    h("div", { class: "list-head" }, h("h1", { tabindex: "-1" }, "Recordings"), count),
    uploadPanel(signal),
    filters,
    bar.element,
    failed.element,
    table,
    empty,
    h("div", { class: "after" }, more),
  );

  function pickAll() {
    const box = h("input", {
      type: "checkbox",
      "aria-label": "Select all shown",
      onchange: () => {
        for (const id of rows.keys())
          if (box.checked) chosen.add(id);
          else chosen.delete(id);
        paint();
      },
    });
    return box;
  }

  function paint() {
    for (const [id, row] of rows) {
      row.element.classList.toggle("chosen", chosen.has(id));
      row.box.checked = chosen.has(id);
    }
    const all = table.querySelector("thead input");
    all.checked = rows.size > 0 && chosen.size >= rows.size;
    all.indeterminate = chosen.size > 0 && !all.checked;
    bar.show();
  }

  // `how`: "anew" with the present filters, "more" for the next page, "again" for the rows that are there and newer ones: one after
  // another, and other filters end what was asked with those before.
  let line = Promise.resolve();
  let filter = new AbortController();
  let stale = true; // the rows are not of the present filters
  const named = new Set(); // by events: recordings that may have changed
  function ask(how) {
    if (how === "anew") {
      stale = true;
      filter.abort();
      filter = new AbortController();
      line = Promise.resolve();
    }
    const until = AbortSignal.any([signal, filter.signal]);
    line = line.catch(() => {}).then(() => failed.attempt(() => load(how, until)));
    return line;
  }

  async function load(asked, until) {
    const how = stale ? "anew" : asked;
    const query = queryOf(params);
    const filtered = query.size > 0;
    query.set("limit", how === "again" ? Math.min(MOST, Math.max(PAGE, rows.size)) : PAGE);
    if (how === "more" && next) query.set("cursor", next);
    table.setAttribute("aria-busy", "true");
    const page = await api(`/recordings?${query}`, { signal: until }).finally(() =>
      table.removeAttribute("aria-busy"),
    );
    until.throwIfAborted();
    stale = false;
    show(page, how, filtered);
    if (how === "again") await behind(page, until);
  }

  // Rows that events named and the page does not have: each is asked for alone.
  async function behind(page, until) {
    for (const { id } of page.recordings) named.delete(id);
    for (const id of [...named]) {
      const known = rows.get(id);
      const found = known && (await api(`/recordings/${id}`, { signal: until }).catch(gone));
      named.delete(id);
      if (found) known.show(found);
      else if (known) remove(id);
    }
  }

  function gone(error) {
    if (error.status === 404 || error.status === 410) return null;
    throw error;
  }

  function remove(id) {
    if (rows.delete(id)) draw([...rows.values()]);
  }

  function show(page, how, filtered) {
    const before = [...rows.values()];
    const found = new Set(page.recordings.map((each) => each.id));
    const rest = before.filter((each) => !found.has(each.recording.id));
    const kept = how === "more" ? rest : how === "again" && page.next_cursor ? older(rest, page) : [];
    const now = page.recordings.map((each) => drawn(each));
    if (how !== "again" || !kept.length) next = page.next_cursor;
    draw(how === "more" ? [...kept, ...now] : [...now, ...kept], filtered);
  }

  function draw(order, filtered = queryOf(params).size > 0) {
    rows.clear();
    for (const each of order) rows.set(each.recording.id, each);
    arrange(
      body,
      order.map((each) => each.element),
    );
    for (const id of [...chosen]) if (!rows.has(id)) chosen.delete(id);
    more.hidden = !next;
    table.hidden = !rows.size;
    empty.hidden = rows.size > 0;
    keepFocus(empty, () =>
      fill(
        empty,
        filtered
          ? [h("p", {}, "No recording fits these filters."), h("a", { href: "#/" }, "Show all")]
          : h("p", {}, "No recordings yet. Drop a call above, and watch it being analysed."),
      ),
    );
    fill(count, next ? `the newest ${rows.size.toLocaleString("en")}` : plural(rows.size, "recording"));
    paint();
  }

  // Those behind the last one of a page: it does not say that they are gone.
  function older(found, page) {
    const last = page.recordings.at(-1).created_at;
    return found.filter((each) => each.recording.created_at <= last);
  }

  function drawn(recording) {
    const known = rows.get(recording.id);
    known?.show(recording);
    return (
      known ??
      rowOf(recording, (on) => {
        if (on) chosen.add(recording.id);
        else chosen.delete(recording.id);
        paint();
      })
    );
  }

  const refresh = paced(() => ask("again"), EVERY_MS, signal);
  listen((type, data) => {
    const id = data.recording_id;
    if (type === "gap") for (const each of [...rows.keys()].slice(MOST)) named.add(each);
    else if (!type.startsWith("recording.") && !isOpen(rows.get(id)?.recording.state)) return;
    else if (rows.has(id)) named.add(id);
    refresh();
  }, signal);
  document.addEventListener("earshot-submitted", refresh, { signal });
  withKeys("List", [{ key: "/", label: "Search", run: () => search.focus() }], signal);
  ask("anew");
}
