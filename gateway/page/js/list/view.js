// The list: uploads, filters, rows, selection.

import { api } from "../api.js";
import { debounced, fill, h } from "../dom.js";
import { listen } from "../events.js";
import { isOpen, plural } from "../format.js";
import { withKeys } from "../keys.js";
import { uploadPanel } from "../upload/panel.js";
import { chosenBar } from "./batch.js";
import { filterBar, queryOf } from "./filters.js";
import { rowOf } from "./rows.js";

const PAGE = 50;

export function listView(main, params) {
  const stopped = new AbortController();
  const chosen = new Set();
  const rows = new Map();
  let next = null;
  let loaded = 0;
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
  const more = h("button", { hidden: true, onclick: () => load(false) }, "Show more");
  const count = h("span", { class: "small quiet", role: "status" });
  const bar = chosenBar(chosen, {
    done: () => reload(),
    clear: () => {
      chosen.clear();
      paint();
    },
  });
  const { element: filters, search } = filterBar(params, () => load(true));

  fill(
    main,
    h("div", { class: "list-head" }, h("h1", { tabindex: "-1" }, "Recordings"), count),
    uploadPanel(),
    filters,
    bar.element,
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

  function add(recording, before = null) {
    const row = rowOf(recording, (on) => {
      if (on) chosen.add(recording.id);
      else chosen.delete(recording.id);
      paint();
    });
    rows.get(recording.id)?.element.replaceWith(row.element);
    if (!row.element.isConnected) body.insertBefore(row.element, before);
    rows.set(recording.id, row);
  }

  let turn = 0;
  async function load(anew) {
    const mine = (turn += 1);
    const query = queryOf(params);
    query.set("limit", PAGE);
    if (!anew && next) query.set("cursor", next);
    table.setAttribute("aria-busy", "true");
    const page = await api(`/recordings?${query}`, { signal: stopped.signal }).finally(() =>
      table.removeAttribute("aria-busy"),
    );
    if (mine !== turn) return;
    if (anew) {
      body.replaceChildren();
      rows.clear();
      loaded = 0;
    }
    page.recordings.forEach((each) => add(each));
    loaded += page.recordings.length;
    next = page.next_cursor;
    for (const id of [...chosen]) if (!rows.has(id)) chosen.delete(id);
    more.hidden = !next;
    table.hidden = !rows.size;
    empty.hidden = rows.size > 0;
    const filtered = [...queryOf(params).keys()].length > 0;
    fill(
      empty,
      filtered
        ? [h("p", {}, "No recording fits these filters."), h("a", { href: "#/" }, "Show all")]
        : h("p", {}, "No recordings yet. Drop a call above, and watch it being analysed."),
    );
    fill(count, next ? `the newest ${rows.size.toLocaleString("en")}` : plural(rows.size, "recording"));
    paint();
  }

  // The first page again: what is new goes to the top, what changed is replaced, the scroll stays.
  async function refresh() {
    const query = queryOf(params);
    query.set("limit", Math.min(200, Math.max(PAGE, loaded)));
    const page = await api(`/recordings?${query}`, { signal: stopped.signal });
    const there = new Set(page.recordings.map((each) => each.id));
    const top = body.firstChild;
    for (const each of page.recordings) add(each, rows.has(each.id) ? null : top);
    if (loaded <= page.recordings.length || !page.next_cursor) {
      for (const [id, row] of rows)
        if (!there.has(id)) {
          row.element.remove();
          rows.delete(id);
          chosen.delete(id);
        }
    }
    loaded = Math.max(loaded, rows.size);
    table.hidden = !rows.size;
    empty.hidden = rows.size > 0;
    if (!next) fill(count, plural(rows.size, "recording"));
    paint();
  }
  const reload = debounced(refresh, 250);

  const unlisten = listen((type, data) => {
    if (
      type === "gap" ||
      type.startsWith("recording.") ||
      isOpen(rows.get(data.recording_id)?.recording.state)
    )
      reload();
  });
  document.addEventListener("earshot-submitted", reload);
  const unkey = withKeys("List", [{ key: "/", label: "Search", run: () => search.focus() }]);
  load(true);
  return () => {
    stopped.abort();
    reload.drop();
    unlisten();
    unkey();
    document.removeEventListener("earshot-submitted", reload);
  };
}
