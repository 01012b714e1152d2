// Waveform, lanes, transcript and panels of a recording that was analysed, over one report.

import { Problem, api } from "../api.js";
import { open } from "../dialog.js";
import { fill, h } from "../dom.js";
import { sentence } from "../format.js";
import { withKeys } from "../keys.js";
import { keepFocus } from "../redraw.js";
import { Classification } from "./classification.js";
import { Conversation } from "./conversation.js";
import { Editor } from "./editor.js";
import { Evidence } from "./evidence.js";
import { downloads } from "./export.js";
import { missingNote, notesOf } from "./facts.js";
import { History, said } from "./history.js";
import { groups } from "./lane_data.js";
import { Lanes } from "./lanes.js";
import { Player } from "./player.js";
import { Store } from "./store.js";
import { Timeline } from "./timeline.js";
import { byModel, categoriesOf, topicsOf } from "./topics.js";
import { Transcript } from "./transcript.js";
import { transport } from "./transport.js";
import { Voices } from "./voices.js";
import { Wave } from "./wave.js";

export class Workplace {
  /** It ends with `signal`, or with `stop`. */
  constructor(recording, signal, rerun) {
    this.ended = new AbortController();
    Object.assign(this, {
      recording,
      signal: AbortSignal.any([signal, this.ended.signal]),
      rerun,
      rejected: null,
    });
    this.store = new Store(
      recording.id,
      () => this.changed(),
      (found) => this.conflict(found),
      this.signal,
    );
    this.names = this.names.bind(this);
  }

  /** A speaker's name: the given one, the role where it is one voice's, or a number. */
  names(id, plain = false) {
    const { speakers } = this.store.report;
    const found = speakers.find((each) => each.id === id);
    if (found?.name && !plain) return found.name;
    const alone = found?.role && speakers.filter((each) => each.role === found.role).length === 1;
    return alone
      ? sentence(found.role)
      : `${found?.role ? `${sentence(found.role)}, speaker` : "Speaker"} ${Number(id.slice(1)) + 1}`;
  }

  async open(body, params) {
    await this.store.load();
    const { recording } = this;
    const { report } = this.store;
    const player = (this.player = new Player(recording.id, report.recording.duration_ms, this.signal));
    const timeline = (this.timeline = new Timeline(player, report.recording.duration_ms));
    const voiceOf = (channel) =>
      Math.max(
        0,
        this.store.report.speakers.findIndex((each) => each.channel === channel),
      );
    this.wave = new Wave(
      recording.id,
      report.recording.channels,
      timeline,
      (ms) => this.speaking(ms),
      voiceOf,
    );
    this.lanes = new Lanes(timeline, (kind, [start, end], label) =>
      this.store.make(() => ({ kind, start_ms: start, end_ms: end, label })),
    );
    this.transcript = new Transcript(player, this.names, {
      panel: (turn) => this.editor.panel(turn),
      moved: (...found) => this.editor.moved(...found),
      replace: async () => (await import("./replacing.js")).askReplacing(this.store),
    });
    this.editor = new Editor(this.store, player, this.names, () => this.transcript.edit(null));
    this.voices = new Voices(this.store, this.names);
    this.history = new History(this.store, (ms) => player.seek(ms));
    this.classification = new Classification(player, this.names);
    this.conversation = new Conversation(this.names);
    const seek = (ms) => player.seek(ms);
    this.topics = new Evidence("Topics", seek);
    this.categories = new Evidence("Categories", seek);
    this.missing = h("div", {});
    this.channels = h("ul", { class: "labels channels" });
    this.notes = h("div", {});
    const track = h(
      "div",
      { class: "tracks wave-track" },
      timeline.cursor(),
      h("div", { class: "lane" }, this.channels, this.wave.element),
      h("div", { class: "lane" }, h("span", {}), timeline.ruler),
    );
    timeline.element.append(transport(player, timeline), track);
    const view = h(
      "div",
      { class: "workplace" },
      h("div", { class: "area-wave" }, this.missing, timeline.element),
      h("div", { class: "area-words" }, this.transcript.element),
      h("div", { class: "area-lanes" }, this.lanes.element),
      h(
        "div",
        { class: "area-panels" },
        this.conversation.element,
        this.topics.element,
        this.categories.element,
        this.classification.element,
        this.voices.element,
        this.history.element,
        this.notes,
      ),
    );
    fill(body, view);
    withKeys("Recording", this.keysOf(), this.signal);
    document.addEventListener("earshot-left", () => this.reject(), { signal: this.signal });
    const asked = Number(params.get("t"));
    if (asked) player.seek(asked * 1000);
    this.changed();
    this.sound();
    this.wave.load();
  }

  async sound() {
    if (this.recording.duration_ms === null) return;
    try {
      await this.player.load();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.player.refused = error.message;
      this.player.tell();
    }
  }

  changed() {
    this.show();
    if (this.transcript.left && !this.rejected) this.reject();
  }

  show() {
    const { report, round } = this.store;
    if (round !== this.round) this.begin(report, round);
    this.channels.replaceChildren(
      ...Array.from({ length: report.recording.channels }, (_, channel) => {
        const voices = report.speakers.filter((each) => each.channel === channel);
        const label =
          voices.length === 1
            ? this.names(voices[0].id)
            : report.recording.roles[channel]
              ? sentence(report.recording.roles[channel])
              : `Channel ${channel + 1}`;
        return h("li", {}, h("span", {}, label));
      }),
    );
    fill(this.missing, missingNote(report, this.rerun));
    this.transcript.show(report, this.rejected, this.store.round); // words first: the lanes of hours take longer
    cancelAnimationFrame(this.drawing);
    this.drawing = requestAnimationFrame(() => {
      if (this.signal.aborted) return;
      this.lanes.show(groups(report, this.names, this.transcript.left ? this.rejected : null));
    });
    this.voices.show();
    this.history.show();
    this.conversation.show(report);
    this.topics.show(topicsOf(report, this.names), byModel(report));
    this.categories.show(categoriesOf(report, this.names));
    this.classification.show(report);
    this.wave.second = null;
    this.wave.value();
  }

  // What does not change within a round of analyses.
  begin(report, round) {
    this.round = round;
    Object.assign(this, { rejected: null, asked: null });
    const notes = notesOf(report);
    notes.open = this.notes.querySelector("details")?.open ?? false;
    keepFocus(this.notes, () => fill(this.notes, notes));
  }

  // Text and sounds that were detected but are not reported, asked for once in a round, when they are to be shown.
  async reject() {
    if (this.transcript.left && !this.rejected) {
      this.asked ??= api(`/recordings/${this.recording.id}/rejected`, { signal: this.signal });
      const { asked } = this;
      try {
        const found = await asked;
        if (asked === this.asked) this.rejected = found;
      } catch (error) {
        if (asked === this.asked) this.asked = null;
        throw error;
      }
    }
    this.show();
  }

  async refresh() {
    await this.store.next(async () => {
      if (await this.store.update()) this.show();
    });
    if (this.transcript.left && !this.rejected) await this.reject();
  }

  // Another person, or another tab, corrected something.
  async corrected({ version, round }) {
    if (this.store.etag === `"${round}.${version}"`) return;
    await this.store.next(async () => {
      if (this.store.etag === `"${round}.${version}"`) return;
      await this.store.load();
      this.changed();
    });
  }

  speaking(ms) {
    const turn = this.store.report.turns.find((each) => each.start_ms <= ms && ms < each.end_ms);
    return turn ? this.names(turn.speaker).toLowerCase() : "";
  }

  conflict({ wanted, current, keep, drop }) {
    const act = (work) => async () => {
      await work();
      dialog.close();
    };
    const by = current?.correction?.made_by;
    const dialog = open(
      "Changed meanwhile",
      h(
        "div",
        { class: "stack" },
        h(
          "p",
          {},
          `${by ? `${by} corrected` : "A correction or a new analysis changed"} the same place while you did.`,
        ),
        h(
          "dl",
          { class: "facts" },
          h("dt", {}, "There now"),
          h("dd", {}, said(current?.value)),
          h("dt", {}, "Yours"),
          h("dd", {}, said(wanted)),
        ),
        h(
          "div",
          { class: "row" },
          h("button", { class: "primary", onclick: act(keep) }, "Keep mine"),
          h("button", { onclick: () => dialog.close() }, "Take what is there"),
        ),
      ),
    );
    dialog.querySelector("h2").focus(); // a person who types is asked: no key that is typed answers
    dialog.addEventListener("close", drop);
  }

  /** The menu of downloads; it stays the same. */
  downloads() {
    return (this.menu ??= downloads(this.store, this.names, this.recording.duration_ms !== null));
  }

  keysOf() {
    const { player, timeline, transcript } = this;
    return [
      { key: " ", also: "k", shows: "Space", label: "Play or pause", run: () => player.toggle() },
      { key: "j", also: "ArrowLeft", shows: "J ←", label: "Back 5 s", run: () => player.move(-5000) },
      { key: "l", also: "ArrowRight", shows: "L →", label: "Forward 5 s", run: () => player.move(5000) },
      { key: "[", label: "Word before", run: () => transcript.step(-1) },
      { key: "]", label: "Next word", run: () => transcript.step(1) },
      { key: "n", label: "Next doubtful word", run: () => transcript.doubt(1) },
      { key: "p", label: "Doubtful word before", run: () => transcript.doubt(-1) },
      {
        key: "e",
        also: "F2",
        shows: "E F2",
        label: "Correct the present turn (Esc ends)",
        run: () => transcript.edit(),
      },
      { key: "u", label: "Undo the last correction", run: () => this.history.act(() => this.store.undo()) },
      { key: "r", label: "Redo", run: () => this.history.act(() => this.store.redo()) },
      { key: "f", label: "Follow the sound", run: () => transcript.setFollow(!transcript.follow) },
      { key: "+", also: "=", label: "Zoom in", run: () => timeline.zoom(0.5) },
      { key: "-", label: "Zoom out", run: () => timeline.zoom(2) },
    ];
  }

  stop() {
    this.ended.abort(new DOMException("closed", "AbortError"));
  }
}
