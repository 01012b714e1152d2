// The pools: what waits, how fast it goes, what failed; pause, resume, replay.

import { api } from "../api.js";
import { acting, confirmCount } from "../dialog.js";
import { check, fill, h } from "../dom.js";
import { analysis, clock, duration, moment, plural, words } from "../format.js";
import { keepFocus } from "../redraw.js";
import { trouble } from "../trouble.js";

const EVERY_MS = 5000;
const STATES = { running: "Running", paused: "Paused", unserved: "No worker" };
const HEAD = [
  "Pool",
  "State",
  "Waiting",
  "Oldest",
  "Per minute",
  "Empty in",
  "Parts unmerged",
  "Failures, 24 h",
  "Dead letters",
  "Workers",
  "Busy",
  "",
];

export async function poolsView(main, params, signal) {
  const sheet = h("link", { rel: "stylesheet", href: "/page/css/pools.css" });
  document.head.append(sheet);
  const body = h("tbody", {});
  const when = h("span", { class: "small quiet" });
  const letters = new DeadLetters(signal, () => look());
  const flower = h("span", {});
  const failed = trouble("The pools", () => look(), signal);
  let timer = null;
  let given = false; // up: the token or the server has none

  fill(
    main,
    h(
      "div",
      { class: "list-head" },
      h("h1", { tabindex: "-1" }, "Pools"),
      h("div", { class: "row" }, when, flower, h("button", { onclick: () => look() }, "Refresh")),
    ),
    failed.element,
    h(
      "div",
      { class: "scrolls pools", tabindex: "0", role: "region", "aria-label": "Pools" },
      h(
        "table",
        {},
        h("caption", { class: "hidden-text" }, "Pools"),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            HEAD.map((name, place) =>
              name ? h("th", { scope: "col", class: place > 1 ? "num" : null }, name) : h("td", {}),
            ),
          ),
        ),
        body,
      ),
    ),
    letters.element,
  );

  function row(pool) {
    const act = pool.paused ? "resume" : "pause";
    const button =
      pool.pausable &&
      h(
        "button",
        {
          "aria-label": `${act === "pause" ? "Pause" : "Resume"} ${pool.pool}`,
          onclick: () => change(pool.pool, act, button),
        },
        act === "pause" ? "Pause" : "Resume",
      );
    const cells = [
      pool.depth,
      duration(pool.oldest_sec),
      pool.per_minute === null ? "–" : pool.per_minute.toFixed(1),
      pool.depth ? duration(pool.empty_in_sec) : "empty",
      pool.chunks,
      pool.failures,
      pool.dead_letters,
      pool.workers,
      `${pool.busy} of ${pool.children}`,
    ];
    return h(
      "tr",
      { "data-pool": pool.pool },
      h("th", { scope: "row" }, pool.pool),
      h(
        "td",
        {},
        h(
          "span",
          { class: `state ${{ running: "complete", paused: "partial", unserved: "failed" }[pool.state]}` },
          STATES[pool.state] ?? pool.state,
        ),
      ),
      cells.map((cell) => h("td", { class: "num" }, cell)),
      h("td", {}, button),
    );
  }

  async function change(pool, act, button) {
    button.disabled = true;
    const now = await api(`/pools/${pool}/${act}`, { method: "POST", again: true, signal }).finally(() => {
      button.disabled = false;
    });
    const changed = row(now);
    body.querySelector(`[data-pool="${CSS.escape(pool)}"]`)?.replaceWith(changed);
    changed.querySelector("button")?.focus();
  }

  async function refresh() {
    const found = await api("/pools", { signal });
    keepFocus(body, () => fill(body, found.pools.map(row)));
    keepFocus(flower, () =>
      fill(flower, found.flower_url && h("a", { href: found.flower_url, rel: "noreferrer" }, "Flower")),
    );
    fill(when, `At ${new Date().toLocaleTimeString("en-GB")}`);
    if (!letters.loaded) await letters.load(true);
  }

  async function look() {
    clearTimeout(timer);
    if (!document.hidden) await failed.attempt(() => refresh().catch(refused));
    const waits = !document.hidden && failed.element.hasChildNodes(); // for an attempt of its own
    if (!signal.aborted && !given && !waits) timer = setTimeout(look, EVERY_MS);
  }

  // What no further attempt changes.
  function refused(error) {
    const why = {
      403: "Pools belong to all tenants: this page needs a token with the scope operator. earshot token create NAME --scope operator makes one.",
      404: "This server has no operations for its pools.",
    }[error.status];
    if (!why) throw error;
    given = true;
    fill(main, h("h1", { tabindex: "-1" }, "Pools"), h("p", { class: "note" }, why));
  }

  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    sheet.remove();
  });
  await look();
}

class DeadLetters {
  constructor(signal, changed) {
    Object.assign(this, { signal, changed, chosen: new Set(), next: null, all: false, loaded: false });
    this.body = h("tbody", {});
    this.count = h("span", { class: "small quiet", role: "status" });
    this.more = h("button", { hidden: true, onclick: () => this.load(false) }, "Show more");
    this.replay = h("button", { disabled: true, onclick: () => this.act("replay") }, "Replay");
    this.discard = h(
      "button",
      { class: "danger", disabled: true, onclick: () => this.act("discard") },
      "Discard",
    );
    this.table = h(
      "div",
      { class: "scrolls pools", tabindex: "0", role: "region", "aria-label": "Table of dead letters" },
      h(
        "table",
        {},
        h("caption", { class: "hidden-text" }, "Dead letters"),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("td", {}),
            ["Recording", "Part", "Analysis", "Reason", "Attempts", "State", "Since"].map((name) =>
              h("th", { scope: "col" }, name),
            ),
          ),
        ),
        this.body,
      ),
    );
    this.element = h(
      "section",
      { class: "dead", "aria-label": "Dead letters" },
      h(
        "div",
        { class: "list-head" },
        h("h2", {}, "Dead letters"),
        this.count,
        h(
          "div",
          { class: "row" },
          check("Closed ones, too", false, (on) => {
            this.all = on;
            this.load(true);
          }),
          this.replay,
          this.discard,
        ),
      ),
      this.table,
      this.more,
    );
  }

  async load(anew) {
    const query = new URLSearchParams({
      state: this.all ? "all" : "open",
      limit: 50,
      ...(!anew && this.next && { cursor: this.next }),
    });
    const page = await api(`/dead-letters?${query}`, { signal: this.signal });
    this.loaded = true;
    if (anew) {
      this.body.replaceChildren();
      this.chosen.clear();
    }
    this.body.append(...page.dead_letters.map((each) => this.row(each)));
    this.next = page.next_cursor;
    this.more.hidden = !this.next;
    const shown = this.body.children.length;
    this.table.hidden = !shown;
    fill(
      this.count,
      shown ? plural(shown, "dead letter") : "None: no part ended every worker that analysed it.",
    );
    this.choose();
  }

  row(each) {
    const box = h("input", {
      type: "checkbox",
      disabled: each.state !== "open",
      "aria-label": `Select ${each.file_name}, part ${each.chunk_index}, ${analysis(each.analysis)}`,
      onchange: () => {
        if (box.checked) this.chosen.add(each.id);
        else this.chosen.delete(each.id);
        this.choose();
      },
    });
    return h(
      "tr",
      {},
      h("td", {}, box),
      h("td", {}, h("a", { href: `#/recordings/${each.recording_id}` }, each.file_name)),
      h(
        "td",
        {},
        each.start_ms === null || each.chunk_index < 0
          ? "whole"
          : `${each.chunk_index}: ${clock(each.start_ms)}–${clock(each.end_ms)}`,
      ),
      h("td", {}, analysis(each.analysis)),
      h("td", {}, `${words(each.code)}: ${each.reason}`),
      h("td", { class: "num" }, each.attempts),
      h("td", {}, each.state),
      h("td", {}, moment(each.created_at)),
    );
  }

  choose() {
    for (const button of [this.replay, this.discard]) button.disabled = !this.chosen.size;
    fill(this.replay, this.chosen.size ? `Replay ${this.chosen.size}` : "Replay");
    fill(this.discard, this.chosen.size ? `Discard ${this.chosen.size}` : "Discard");
  }

  async act(action) {
    const ids = [...this.chosen];
    if (
      action === "discard" &&
      !(await confirmCount(
        `Discard ${plural(ids.length, "dead letter")}?`,
        "Their parts stay missing in the reports.",
        ids.length,
        { label: `Discard ${ids.length}`, danger: true },
      ))
    )
      return;
    await acting(`${plural(ids.length, "dead letter")} being sent.`, async () => {
      const answer = await api(`/dead-letters/${action}`, {
        method: "POST",
        json: { ids },
        signal: this.signal,
      });
      const refused = answer.refused ?? [];
      return {
        text:
          action === "replay"
            ? `Replayed ${answer.replayed.length} of ${ids.length}. ${refused.map((each) => each.detail).join(" ")}`
            : `Discarded ${answer.discarded.length} of ${ids.length}.`,
        bad: refused.length > 0,
      };
    });
    await this.load(true);
    this.changed();
  }
}
