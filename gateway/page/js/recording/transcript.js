// The transcript: follows the sound until the person scrolls, marks doubtful words, opens corrections in place.

import { fill, h, set } from "../dom.js";
import { percent, plural } from "../format.js";
import { keepFocus } from "../redraw.js";
import { recall, remember } from "../settings.js";
import { foundIn } from "./sentiments.js";
import { doubted, lastBefore, rowsOf, wordsOf } from "./speech.js";
import { leftRow, turnRow } from "./turn_row.js";
import { Rows } from "./virtual.js";

export class Transcript {
  /**
   * `editor.panel(turn)` makes the panel in which a turn is corrected; `editor.moved(turns, open)` finds that turn in a new
   * round; `editor.replace()` asks for words to replace. `names` gives a speaker's name.
   */
  constructor(player, names, editor) {
    Object.assign(this, {
      player,
      names,
      editor,
      rows: [],
      turns: [],
      editing: null,
      doubtful: [],
      follow: true,
      marks: recall("doubt", true),
      left: recall("leftOut", false),
    });
    this.view = new Rows(
      (index) => this.row(index),
      (index, width) => this.estimate(index, width),
      "Transcript",
      player.signal,
    );
    this.count = h("span", { class: "small quiet", role: "status" });
    this.followButton = h(
      "button",
      { "aria-pressed": true, onclick: () => this.setFollow(!this.follow) },
      "Follow the sound",
    );
    this.doubtButton = h("button", { onclick: () => this.doubt(1) }, "Next doubtful word");
    this.doubtSwitch = h(
      "button",
      { "aria-pressed": this.marks, onclick: () => this.setMarks() },
      "Mark doubtful words",
    );
    this.doubtWhy = h(
      "span",
      { class: "small quiet", id: "doubt-why" },
      "For this recogniser no bound of doubt has been measured.",
    );
    this.leftSwitch = h(
      "button",
      { "aria-pressed": this.left, onclick: () => this.setLeft() },
      "Show what is not reported",
    );
    this.replaceButton = h("button", { "aria-haspopup": "dialog", onclick: editor.replace }, "Replace words");
    this.element = h(
      "div",
      { class: "transcript" },
      h(
        "div",
        { class: "transcript-head" },
        h("div", { class: "row" }, h("h2", {}, "Transcript"), this.count),
        h("div", { class: "row tools" }, this.replaceButton),
        h(
          "div",
          { class: "row tools" },
          this.followButton,
          this.doubtSwitch,
          this.doubtButton,
          this.leftSwitch,
          this.doubtWhy,
        ),
      ),
      this.view.element,
    );
    for (const type of ["wheel", "touchmove", "pointerdown"])
      this.view.element.addEventListener(
        type,
        (event) => {
          if (type !== "pointerdown" || event.target === this.view.element) this.scrolled();
        },
        { passive: true },
      );
    this.view.element.addEventListener("keydown", ({ key, target }) => {
      if (
        target === this.view.element &&
        ["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"].includes(key)
      )
        this.scrolled();
    });
    this.view.element.addEventListener("click", (event) => this.clicked(event));
    player.on(() => this.moved());
  }

  /** `round`: of the analyses; in another one the turn that is corrected is found by its channel and times. */
  show(report, rejected, round = this.round) {
    if (round !== this.round) {
      const now = this.editor.moved(report.turns, this.editing !== null);
      if (this.editing !== null) this.editing = now?.id ?? null;
    }
    Object.assign(this, { report, turns: report.turns, rejected, round });
    this.voice = new Map(report.speakers.map((each, place) => [each.id, place]));
    this.bound = report.transcript_confidence?.doubtful_below ?? null;
    this.corrected = report.corrections?.turns ?? {};
    this.rows = rowsOf(report.turns, this.left ? (rejected?.texts ?? []) : []);
    this.longest = 0;
    for (const row of this.rows) this.longest = Math.max(this.longest, row.end - row.start);
    this.doubtful =
      this.bound === null
        ? []
        : report.turns.flatMap((turn, place) =>
            wordsOf(turn).flatMap((word, at) =>
              doubted(report, word) ? [{ place, at, start: word.start }] : [],
            ),
          );
    const said = this.bound === null ? "" : `, ${plural(this.doubtful.length, "doubtful word")}`;
    fill(this.count, `${plural(report.turns.length, "turn")}${said}`);
    this.doubtButton.disabled = !this.doubtful.length;
    this.replaceButton.disabled = !report.turns.length;
    const unmeasured = this.bound === null && report.turns.length > 0;
    this.doubtWhy.hidden = !unmeasured;
    set(this.doubtSwitch, {
      disabled: this.bound === null,
      "aria-describedby": unmeasured ? "doubt-why" : null,
      title:
        this.bound === null
          ? null
          : `Confidence below ${percent(this.bound)}: about half of these words are wrong`,
    });
    this.here = null;
    const kept =
      this.editing === null ? -1 : this.rows.findIndex((row) => row.turn?.id === this.editing && row.first);
    keepFocus(this.view.list, () => {
      this.view.reset(this.rows.length, kept);
      this.patch(kept);
    });
    this.empty();
    this.moved();
  }

  // The row in which one types: all but its panel is drawn anew.
  patch(kept) {
    const element = this.view.live.get(kept);
    if (!element?.querySelector(".editor")) return;
    this.editor.panel(this.rows[kept].turn);
    const now = this.row(kept, false);
    for (const child of [...element.children]) if (!child.matches(".editor")) child.remove();
    element.className = now.className;
    element.prepend(...now.children);
  }

  empty() {
    this.nothing?.remove();
    if (this.rows.length) return;
    const asked = this.report.releases.asr || this.report.missing.some((each) => each.analysis === "asr");
    this.nothing = h(
      "p",
      { class: "empty" },
      asked
        ? "No speech was found in this recording."
        : "Nothing was transcribed: no speech was found, or speech recognition was not asked for.",
    );
    this.view.element.before(this.nothing);
  }

  estimate(index, width) {
    const row = this.rows[index];
    const letters = row.left
      ? row.left.text.length
      : wordsOf(row.turn)
          .slice(row.from, row.to)
          .reduce((sum, word) => sum + word.text.length + 1, 0);
    const room = width - (width < 520 ? 30 : 190);
    const lines = (count, each) => Math.max(1, Math.ceil(count / Math.max(20, room / each)));
    const found = row.turn && row.last ? foundIn(row.turn) : [];
    const further = lines(found.reduce((sum, { text }) => sum + text.length + 3, 8), 6.1) - 1;
    return (width < 520 ? 50 : 20) + 23 * lines(letters, 7.4) + 17 * further + (row.last ? 4 : 0);
  }

  row(index, panel = true) {
    const row = this.rows[index];
    if (row.left) return leftRow(row.left);
    const made = turnRow(row, this);
    if (panel && row.first && this.editing === row.turn.id) made.append(this.editor.panel(row.turn));
    return made;
  }

  /** Whether a word is marked. */
  isMarked(word) {
    return this.marks && doubted(this.report, word);
  }

  clicked({ target }) {
    const { seek, at, edit } = target.dataset;
    if (seek !== undefined) this.player.seek(Number(seek));
    else if (edit !== undefined) this.edit(this.editing === edit ? null : edit);
    else if (at !== undefined && getSelection().isCollapsed) {
      const turn = this.turns.find((each) => each.id === target.closest("[data-turn]").dataset.turn);
      this.player.seek(wordsOf(turn)[Number(at)].start);
    }
  }

  // The word that is spoken: in the last turn that began before and has not ended, else in the last one.
  moved() {
    const { time } = this.player;
    let index = lastBefore(this.rows, time, (row) => row.start);
    for (
      let before = index;
      before >= 0 && this.rows[index].start - this.rows[before].start < this.longest;
      before -= 1
    ) {
      if (!this.rows[before].left && this.rows[before].end > time) {
        index = before;
        break;
      }
    }
    const row = this.rows[index];
    if (!row || row.left) return;
    const at = Math.max(
      row.from,
      row.from + lastBefore(wordsOf(row.turn).slice(row.from, row.to), time, (word) => word.start),
    );
    if (this.here !== index) {
      const before = this.view.live.get(this.here);
      before?.classList.remove("here");
      this.here = index;
      if (this.follow && this.editing === null) this.view.reveal(index);
    }
    const element = this.view.live.get(index);
    const word = element?.querySelector(`[data-at="${at}"]`);
    element?.classList.add("here");
    if (word === this.word && word?.isConnected) return;
    this.word?.removeAttribute("aria-current");
    this.word = word ?? null;
    word?.setAttribute("aria-current", "true");
  }

  scrolled() {
    if (this.follow && this.player.playing) this.setFollow(false);
  }

  setFollow(on) {
    this.follow = on;
    this.followButton.setAttribute("aria-pressed", on);
    if (on && this.here !== null) this.view.reveal(this.here);
  }

  setMarks() {
    this.marks = !this.marks;
    remember("doubt", this.marks);
    this.doubtSwitch.setAttribute("aria-pressed", this.marks);
    this.show(this.report, this.rejected);
  }

  setLeft() {
    this.left = !this.left;
    remember("leftOut", this.left);
    this.leftSwitch.setAttribute("aria-pressed", this.left);
    document.dispatchEvent(new Event("earshot-left"));
  }

  /** Goes to the next doubtful word, or to the one before. */
  doubt(direction) {
    if (!this.doubtful.length) return;
    const { time } = this.player;
    const ordered = [...this.doubtful].sort((a, b) => a.start - b.start);
    const found =
      direction > 0
        ? (ordered.find((each) => each.start > time) ?? ordered[0])
        : (ordered.findLast((each) => each.start < time) ?? ordered.at(-1));
    if (!this.marks) this.setMarks();
    this.player.seek(found.start);
    const index = this.rows.findIndex(
      (row) => row.place === found.place && row.from <= found.at && found.at < row.to,
    );
    this.view.reveal(index);
    this.moved();
  }

  /** The word before or after the present one. */
  step(direction) {
    const row = this.rows[this.here ?? 0];
    if (!row || row.left) return;
    const at = Number(this.word?.dataset.at ?? row.from) + direction;
    const turn = row.turn;
    if (at >= 0 && at < wordsOf(turn).length) this.player.seek(wordsOf(turn)[at].start);
    else {
      const next = this.turns[row.place + direction];
      if (next)
        this.player.seek(direction > 0 ? next.start_ms : (wordsOf(next).at(-1)?.start ?? next.start_ms));
    }
  }

  /** Opens the panel of a turn, of the present one without an id, or closes it. */
  edit(id = this.rows[this.here ?? 0]?.turn?.id ?? null, focus = true) {
    const before = this.rows.findIndex((row) => row.turn?.id === this.editing && row.first);
    const last = (turn) => this.rows.findLastIndex((row) => row.turn?.id === turn);
    const closed = this.editing;
    this.editing = id;
    const index = id === null ? -1 : this.rows.findIndex((row) => row.turn?.id === id && row.first);
    this.view.kept = index;
    if (before >= 0) {
      this.view.again(before);
      this.view.again(last(closed));
    }
    if (index < 0) {
      this.view.live.get(last(closed))?.querySelector("[data-edit]")?.focus();
      return;
    }
    this.view.reveal(index);
    const row = this.view.again(index);
    if (last(id) !== index) this.view.again(last(id));
    if (focus) row?.querySelector("textarea")?.focus();
  }
}
