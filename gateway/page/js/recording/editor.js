// The panel in which one turn is corrected. What is typed is stored as one types, and kept in this browser until it is.

import { notice } from "../dialog.js";
import { choice, field, fill, h } from "../dom.js";
import { clock, readClock, words } from "../format.js";
import { debounced } from "../pace.js";
import { recall, remember } from "../settings.js";
import { sameTurn } from "./spans.js";

const TYPING_MS = 700;
const LABELS = {
  emotion: ["neutral", "happy", "angry", "sad", "frustrated", "surprised"],
  sentiment: ["negative", "neutral", "positive"],
};

export class Editor {
  constructor(store, player, names, close) {
    Object.assign(this, { store, player, names, close, open: null });
  }

  /** The panel of a turn; it outlives the row that shows it. */
  panel(turn) {
    if (this.open?.is(turn)) this.open.refresh(turn);
    else this.open = this.make(turn);
    return this.open.element;
  }

  /** The turn of the last panel among those of a new round of analyses; null if it is not there any more. */
  moved(turns, visible) {
    if (!this.open) return null;
    const now = sameTurn(turns, this.open.turn());
    this.open.moved(now, visible);
    if (!now) this.open = null;
    return now;
  }

  make(first) {
    let turn = first;
    let { id } = turn;
    let { round } = this.store; // that the id is of
    const nameOf = (each) => `draft.${this.store.id}.${each.channel}.${each.start_ms}`;
    let draftName = nameOf(first);
    const status = h("span", { class: "small", role: "status" });
    const draft = recall(draftName, null);
    const text = h("textarea", {
      rows: Math.min(8, Math.max(2, Math.ceil(first.text.length / 60))),
      value: first.text,
      maxlength: 10000,
      lang: this.store.report.transcript_language ?? null,
    });
    let stored = first.text; // as it was typed
    let base = first.text; // as the report has it
    let saving = Promise.resolve();
    const keep = () => remember(draftName, { text: text.value, base });
    const unkeep = () => remember(draftName, null);
    // In another round the turn is the one at its place: a panel that another one replaced is not told of it.
    const target = () => {
      if (round !== this.store.round) {
        id = sameTurn(this.store.report.turns, turn)?.id ?? null;
        ({ round } = this.store);
      }
      const found = this.store.target(id);
      if (!found) throw new Error("the turn is not there any more.");
      return found;
    };

    const attempt = async (work) => {
      fill(status, "Saving");
      status.classList.remove("bad");
      try {
        const kept = (await work()) !== false;
        fill(status, kept ? `Saved at ${new Date().toLocaleTimeString("en-GB")}` : "Left as it is there");
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
    const send = (body) => attempt(() => this.store.make(body));
    const inReport = () => this.store.report.turns.find((each) => each.id === id)?.text ?? base;
    const save = async () => {
      const value = text.value.trim();
      if (value === stored) {
        unkeep();
        return true;
      }
      const body = () => ({ kind: "text", turn: target(), text: value });
      const kept = await this.store.make(body, () => ({ text: base }));
      stored = base = inReport();
      if (kept) {
        stored = value;
        if (text.value.trim() === value) unkeep();
        else keep();
      } else offer(text.value); // the draft stays, with the base that it was typed over
      return kept;
    };
    // One after another, so that each begins from what the one before has stored.
    const saveText = () => (saving = saving.then(() => attempt(save)));
    const later = debounced(saveText, TYPING_MS);
    const offered = h("div", {});
    // A text that was typed here, and is not what is there now: the person chooses.
    const offer = (own) => {
      text.value = stored;
      const answer = (work) => () => {
        fill(offered);
        work();
        text.focus();
      };
      const use = () => {
        text.value = own;
        keep();
        later();
      };
      fill(
        offered,
        h(
          "div",
          { class: "note warn" },
          h(
            "p",
            {},
            "This was typed here and is not stored; the turn was changed meanwhile: ",
            h("q", {}, own),
          ),
          h(
            "div",
            { class: "row" },
            h("button", { type: "button", onclick: answer(use) }, "Use this text"),
            h("button", { type: "button", onclick: answer(unkeep) }, "Discard it"),
          ),
        ),
      );
    };
    text.addEventListener("input", () => {
      keep();
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

    const speaker = choice([], "", (value) =>
      send(() => ({ kind: "speaker", turn: target(), speaker: value })),
    );
    const showSpeakers = () => {
      const { speakers } = this.store.report;
      const pairs = [...speakers.map((each) => [each.id, this.names(each.id)]), ["new", "Another speaker"]];
      fill(
        speaker,
        pairs.map(([value, label]) => h("option", { value }, label)),
      );
      speaker.value = turn.speaker;
    };
    showSpeakers();
    const label = (kind, value, more) => send(() => ({ kind, turn: target(), label: value, ...more }));
    const labelled = (kind) => {
      const { [kind]: answer } = first;
      const known = answer ? [answer.label, ...Object.keys(answer.scores)] : [];
      return choice(
        answer
          ? [...new Set([...LABELS[kind], ...known])].map((each) => [each, words(each)])
          : [["", "not classified"]],
        answer?.label ?? "",
        (value) => label(kind, value),
        { disabled: !answer },
      );
    };
    const moods = Object.fromEntries(Object.keys(LABELS).map((kind) => [kind, labelled(kind)]));
    // Agreement is stored like a correction: models learn from both.
    const confirm = (kind) =>
      h(
        "button",
        {
          type: "button",
          disabled: moods[kind].disabled,
          onclick: () => label(kind, moods[kind].value, { confirms: true }),
        },
        "Confirm",
        h("span", { class: "hidden-text" }, ` ${kind}`),
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
      send(() => ({ kind: "boundaries", turn: target(), start_ms: from, end_ms: to }));
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
      offered,
      h(
        "div",
        { class: "row end" },
        field("Speaker", speaker),
        field("Emotion", moods.emotion),
        confirm("emotion"),
        field("Sentiment of the voice", moods.sentiment),
        confirm("sentiment"),
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
                unkeep();
                fill(offered);
                text.value = stored;
                saving = saving.then(() => attempt(() => this.store.revert(target)));
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
    if (draft?.text.trim() === first.text) unkeep();
    else if (draft?.base === first.text) {
      text.value = draft.text;
      fill(status, "Not saved yet");
      later();
    } else if (draft) offer(draft.text);

    return {
      element,
      is: (other) => other.id === id,
      turn: () => turn,
      moved: (now, visible) => {
        const unsaved = text.value.trim() !== stored.trim();
        ({ round } = this.store);
        if (now) {
          unkeep();
          ({ id } = now);
          draftName = nameOf(now);
          if (unsaved) keep();
          return;
        }
        later.drop();
        id = null;
        if (!visible && !unsaved) return;
        const rest = unsaved ? ` What was typed: “${text.value}”` : "";
        notice(`The turn that was being corrected is not there any more after the analysis.${rest}`, {
          bad: true,
        });
      },
      refresh: (now) => {
        turn = now;
        if (text.value.trim() === stored.trim()) {
          // nothing typed that is not stored
          stored = base = now.text;
          if (text.value.trim() !== now.text.trim()) text.value = now.text;
        }
        showSpeakers();
        for (const [kind, select] of Object.entries(moods))
          if (now[kind] && document.activeElement !== select) select.value = now[kind].label;
        if (document.activeElement !== start) start.value = clock3(now.start_ms);
        if (document.activeElement !== end) end.value = clock3(now.end_ms);
      },
    };
  }
}

const clock3 = (ms) => `${clock(ms)}.${String(ms % 1000).padStart(3, "0")}`;
