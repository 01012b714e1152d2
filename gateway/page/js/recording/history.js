// Corrections of the recording, newest first: who, when, what was replaced; undo, redo, conflicts.

import { confirmCount } from "../dialog.js";
import { fill, h } from "../dom.js";
import { clock, moment, plural, words } from "../format.js";
import { keepFocus } from "../redraw.js";

const KINDS = {
  text: "Text",
  speaker: "Speaker",
  boundaries: "Times",
  emotion: "Emotion",
  sentiment: "Sentiment",
  noise: "Noise",
  scene: "Scene",
  rename: "Name",
  merge: "Merged speakers",
  roles: "Roles",
};
/** States of a correction in words. */
export const STATES = {
  applied: "in force",
  conflict: "conflict",
  superseded: "replaced later",
  undone: "undone",
};
const STEP = 50;

/** What a correction is of. */
export const kindOf = ({ kind }) => KINDS[kind] ?? kind;

export class History {
  constructor(store, seek) {
    Object.assign(this, { store, seek, most: STEP });
    this.status = h("span", { class: "small quiet", role: "status" });
    this.undo = h("button", { onclick: () => this.act(() => store.undo()) }, "Undo");
    this.redo = h("button", { onclick: () => this.act(() => store.redo()) }, "Redo");
    this.revert = h("button", { onclick: () => this.revertAll() }, "Revert all");
    this.body = h("div", {});
    this.list = h("details", { ontoggle: () => this.show() }, h("summary", {}, "Versions"), this.body);
    this.conflicts = h("div", {});
    this.element = h(
      "section",
      { class: "panel", "aria-label": "Corrections" },
      h(
        "div",
        { class: "row spread" },
        h("h2", {}, "Corrections"),
        h(
          "div",
          { class: "row" },
          this.undo,
          this.redo,
          this.revert,
        ),
      ),
      this.status,
      this.conflicts,
      this.list,
    );
  }

  async revertAll() {
    const { etag, count } = await this.store.standing();
    const many = plural(count, "correction");
    if (!count) return;
    const sure = await confirmCount(
      `Revert ${many}?`,
      "Corrections of everybody are taken back; the models' answers are shown again. R applies them again.",
      count,
      { label: `Revert ${many}`, danger: true },
    );
    if (sure) await this.act(() => this.store.revert("all", etag));
  }

  async act(work) {
    fill(this.status, "Saving");
    try {
      await work();
    } catch (error) {
      fill(this.status, `Not done: ${error.message}`);
      return;
    }
    await this.show();
  }

  async show() {
    const layer = this.store.report.corrections;
    const count = layer ? Object.keys(layer.turns).length : 0;
    fill(
      this.status,
      !layer
        ? "None: these are the models' answers."
        : `Version ${layer.version}: ${plural(count, "corrected turn")}${layer.conflicts.length ? `, ${plural(layer.conflicts.length, "conflict")}` : ""}.`,
    );
    this.redo.disabled = !this.store.undone.length;
    this.undo.disabled = !this.store.made.length;
    this.revert.disabled = !layer;
    keepFocus(this.conflicts, () =>
      fill(
        this.conflicts,
        (layer?.conflicts ?? []).map((each) => this.conflict(each)),
      ),
    );
    if (!this.list.open) return;
    const all = (await this.store.list()).reverse();
    keepFocus(this.body, () => this.versions(all));
  }

  versions(all) {
    fill(
      this.body,
      all.length
        ? h(
            "ol",
            { class: "versions" },
            all.slice(0, this.most).map((each) => this.entry(each)),
          )
        : h("p", { class: "small quiet" }, "No corrections were made."),
      all.length > this.most &&
        h(
          "button",
          {
            onclick: () => {
              this.most += STEP;
              this.show();
            },
          },
          "Show more",
        ),
    );
  }

  conflict(each) {
    const where = (each.start_ms ?? null) === null ? "" : ` at ${clock(each.start_ms)}`;
    return h(
      "div",
      { class: "note warn" },
      h(
        "p",
        {},
        each.reason === "gone"
          ? `${kindOf(each)}${where}: nothing fits this correction any more; the model's answer is shown.`
          : `${kindOf(each)}${where}: the model now answers “${said(each.answer)}”. Your correction “${said(each.corrected)}” stays.`,
      ),
      h(
        "div",
        { class: "row" },
        (each.start_ms ?? null) !== null &&
          h("button", { onclick: () => this.seek(each.start_ms) }, "Go there"),
        again(each, null) &&
          h(
            "button",
            {
              onclick: () => this.act(() => this.store.make(() => again(each, this.store.target(each.turn)))),
            },
            "Keep the correction",
          ),
        h("button", { onclick: () => this.act(() => this.store.undo(each.id)) }, "Take the model's answer"),
      ),
    );
  }

  entry(each) {
    const where = each.target?.turn ?? each.target;
    const can = each.state === "applied" || each.state === "conflict";
    return h(
      "li",
      { class: can ? null : "greyed" },
      h(
        "div",
        {},
        h("strong", {}, kindOf(each)),
        (where?.start_ms ?? null) !== null && ` at ${clock(where.start_ms)}`,
        h(
          "span",
          { class: "quiet" },
          ` · version ${each.version} · ${moment(each.made_at)} · ${each.made_by ?? ""} · ${STATES[each.state] ?? each.state}`,
        ),
      ),
      h("div", {}, h("del", {}, said(each.replaced)), " ", h("ins", {}, said(each.value))),
      can
        ? h(
            "button",
            {
              class: "plain small",
              "data-key": each.id,
              onclick: () => this.act(() => this.store.undo(each.id)),
            },
            "Undo this",
          )
        : each.state === "undone" &&
            h(
              "button",
              {
                class: "plain small",
                "data-key": each.id,
                onclick: () => this.act(() => this.store.redo(each.id)),
              },
              "Redo this",
            ),
    );
  }
}

// A correction made once more, which settles its conflict; null where it has no place any more, or is of the whole recording.
function again({ kind, reason, corrected, start_ms: start, end_ms: end }, turn) {
  if (reason === "gone") return null;
  switch (kind) {
    case "text":
      return { kind, turn, text: corrected.text };
    case "speaker":
      return { kind, turn, speaker: corrected.speaker };
    case "boundaries":
      return { kind, turn, start_ms: corrected.start_ms, end_ms: corrected.end_ms };
    case "emotion":
    case "sentiment":
      return { kind, turn, label: corrected.label };
    case "noise":
    case "scene":
      return { kind, start_ms: start, end_ms: end, label: corrected.label };
    default:
      return null;
  }
}

/** A value of a correction in words. */
export function said(value) {
  if (value === null || value === undefined) return "nothing";
  if (typeof value !== "object") return words(value);
  const bounds = (value.start_ms ?? null) !== null && !value.label;
  if (bounds) return `${clock(value.start_ms, true)} to ${clock(value.end_ms, true)}`;
  const stretches = value.stretches?.map((each) => words(each.label)).join(", ");
  const known =
    value.text ??
    value.label ??
    stretches ??
    value.name ??
    value.roles?.join(", ") ??
    value.into ??
    value.speaker;
  return known === undefined || known === null || known === "" ? "nothing" : words(known);
}
