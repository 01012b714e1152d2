// The panel in which one turn is corrected. What is typed is stored as one types, and kept in this browser until it is.

import { choice, debounced, field, fill, h } from "../dom.js";
import { clock, readClock, words } from "../format.js";
import { recall, remember } from "../settings.js";

const TYPING_MS = 700;
const EMOTIONS = ["neutral", "happy", "angry", "sad", "frustrated", "surprised"];

export class Editor {
  constructor(store, player, names, close) {
    Object.assign(this, { store, player, names, close, panels: new Map() });
  }

  /** The panel of a turn; it outlives the row that shows it. */
  panel(turn) {
    const known = this.panels.get(turn.id);
    if (known) {
      known.refresh(turn);
      return known.element;
    }
    this.panels.clear();
    const made = this.make(turn);
    this.panels.set(turn.id, made);
    return made.element;
  }

  make(first) {
    const turn = first;
    const { id } = turn;
    const draftName = `draft.${this.store.id}.${first.channel}.${first.start_ms}`;
    const status = h("span", { class: "small", role: "status" });
    const draft = recall(draftName, null);
    const text = h("textarea", {
      rows: Math.min(8, Math.max(2, Math.ceil(first.text.length / 60))),
      value: draft ?? first.text,
      maxlength: 10000,
      lang: this.store.report.transcript_language ?? null,
    });
    let stored = first.text; // as it was typed
    let base = first.text; // as the report has it

    const attempt = async (work) => {
      fill(status, "Saving");
      status.classList.remove("bad");
      try {
        const kept = (await work()) !== false;
        fill(status, kept ? `Saved at ${new Date().toLocaleTimeString("en-GB")}` : "Left as it is there");
        if (!kept) {
          text.value = stored = base = inReport();
          remember(draftName, null);
        }
        return kept;
      } catch (error) {
        status.classList.add("bad");
        fill(
          status,
          `Not saved: ${error.message} `,
          h("button", { type: "button", onclick: () => attempt(work) }, "Try again"),
        );
        return false;
      }
    };
    const send = (body, from = null) => attempt(() => this.store.make(body, from));
    const inReport = () => this.store.report.turns.find((each) => each.id === id)?.text ?? base;
    const saveText = async () => {
      const value = text.value.trim();
      if (value === stored) {
        remember(draftName, null);
        return;
      }
      if (await send(() => ({ kind: "text", turn: this.store.target(id), text: value }), { text: base })) {
        stored = value;
        base = inReport();
        if (text.value.trim() === value) remember(draftName, null);
      }
    };
    const later = debounced(saveText, TYPING_MS);
    text.addEventListener("input", () => {
      remember(draftName, text.value);
      fill(status, "Not saved yet");
      later();
    });
    text.addEventListener("blur", () => later.now());
    text.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.preventDefault();
        later.now();
        this.close();
      }
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        later.now();
        this.close();
      }
    });

    const speakers = this.store.report.speakers;
    const free = `s${Math.max(-1, ...speakers.map((each) => Number(each.id.slice(1)))) + 1}`;
    const speaker = choice(
      [...speakers.map((each) => [each.id, this.names(each.id)]), [free, "Another speaker"]],
      turn.speaker,
      (value) => send(() => ({ kind: "speaker", turn: this.store.target(id), speaker: value })),
    );
    const labels = [
      ...new Set([
        ...EMOTIONS,
        ...(turn.emotion ? [turn.emotion.label, ...Object.keys(turn.emotion.scores)] : []),
      ]),
    ];
    const emotion = choice(
      labels.map((label) => [label, words(label)]),
      turn.emotion?.label ?? "neutral",
      (value) => send(() => ({ kind: "emotion", turn: this.store.target(id), label: value })),
      { disabled: !turn.emotion },
    );
    const bound = (value) =>
      h("input", { size: 9, value: clock3(value), spellcheck: "false", onchange: () => saveBounds() });
    const [start, end] = [bound(turn.start_ms), bound(turn.end_ms)];
    const saveBounds = () => {
      const [from, to] = [readClock(start.value), readClock(end.value)];
      if (from === null || to === null || from >= to) {
        status.classList.add("bad");
        fill(status, "Times are m:ss.mmm, the start before the end.");
        return;
      }
      send(() => ({ kind: "boundaries", turn: this.store.target(id), start_ms: from, end_ms: to }));
    };
    const here = (input, name) =>
      h(
        "button",
        {
          type: "button",
          onclick: () => {
            input.value = clock3(this.player.time);
            saveBounds();
          },
        },
        `${name} is here`,
      );

    const element = h(
      "div",
      { class: "editor", role: "group", "aria-label": `Correct the turn at ${clock(first.start_ms)}` },
      field("Text", text),
      draft !== null &&
        draft.trim() !== first.text &&
        h("p", { class: "note warn" }, "This text was typed here before and is not stored yet."),
      h(
        "div",
        { class: "row end" },
        field("Speaker", speaker),
        field("Emotion", emotion),
        field("Start", start),
        here(start, "Start"),
        field("End", end),
        here(end, "End"),
      ),
      h(
        "div",
        { class: "row spread" },
        status,
        h(
          "div",
          { class: "row" },
          h(
            "button",
            {
              type: "button",
              onclick: () => {
                later.drop();
                remember(draftName, null);
                text.value = stored;
                attempt(() => this.store.revert(id));
              },
            },
            "Back to the model's answer",
          ),
          h(
            "button",
            {
              type: "button",
              class: "primary",
              onclick: () => {
                later.now();
                this.close();
              },
            },
            "Done",
          ),
        ),
      ),
    );
    if (draft !== null && draft.trim() !== first.text) later();

    return {
      element,
      refresh: (now) => {
        if (text.value.trim() === stored.trim()) {
          // nothing typed that is not stored
          stored = base = now.text;
          if (text.value.trim() !== now.text.trim()) text.value = now.text;
        }
        if (document.activeElement !== speaker) speaker.value = now.speaker;
        if (now.emotion && document.activeElement !== emotion) emotion.value = now.emotion.label;
        if (document.activeElement !== start) start.value = clock3(now.start_ms);
        if (document.activeElement !== end) end.value = clock3(now.end_ms);
      },
    };
  }
}

const clock3 = (ms) => `${clock(ms)}.${String(ms % 1000).padStart(3, "0")}`;
