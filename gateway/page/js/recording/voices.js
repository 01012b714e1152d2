// The speakers: names everywhere, merging two that are one, swapping the roles of the channels.

import { notice } from "../dialog.js";
import { check, choice, fill, h } from "../dom.js";
import { percent } from "../format.js";
import { keepFocus } from "../redraw.js";
import { ofSpeakers } from "./sentiments.js";
import { sameSpeaker } from "./spans.js";

export class Voices {
  constructor(store, names) {
    Object.assign(this, { store, names, refused: new Map() }); // names that were typed and not stored, by speaker
    this.status = h("span", { class: "small", role: "status" });
    this.body = h("ul", { class: "voices" });
    this.remember = false;
    const swap = () => {
      const roles = [...this.store.report.recording.roles].reverse();
      this.make({ kind: "roles", roles, ...(this.remember && { remember: true }) });
    };
    this.swap = h(
      "div",
      { class: "row" },
      check("Also for later recordings of its source", false, (checked) => (this.remember = checked)),
      h("button", { onclick: swap }, "Swap roles"),
    );
    this.element = h(
      "section",
      { class: "panel", "aria-label": "Speakers" },
      h("div", { class: "row spread" }, h("h2", {}, "Speakers"), this.swap),
      this.body,
      this.status,
    );
  }

  async make(body) {
    fill(this.status, "Saving");
    try {
      await this.store.make(() => body);
      fill(this.status, `Saved at ${new Date().toLocaleTimeString("en-GB")}`);
      return true;
    } catch (error) {
      fill(this.status, `Not saved: ${error.message}`);
      this.show();
      return false;
    }
  }

  show() {
    const { report, round } = this.store;
    const { speakers, recording } = report;
    this.swap.hidden = recording.roles.length !== 2;
    const typed = this.typed();
    if (typed && round === this.round) return;
    const before = this.report;
    if (before && round !== this.round)
      this.refused = new Map([...this.refused].map(([id, text]) => [sameSpeaker(before, report, id), text]));
    for (const each of speakers) if (this.refused.get(each.id) === each.name) this.refused.delete(each.id);
    Object.assign(this, { report, round });
    keepFocus(this.body, () => this.draw(speakers, recording, round));
    this.body.hidden = !speakers.length;
    if (!speakers.length) fill(this.status, "No speaker was found.");
    if (typed) this.retype(typed, sameSpeaker(before, report, typed.speaker));
  }

  draw(speakers, recording, round) {
    const sentiments = ofSpeakers(this.report);
    fill(
      this.body,
      speakers.map((each, place) => {
        const plain = this.names(each.id, true);
        let sent = each.name ?? "";
        // A name that moved here with its voice was not typed in this field: a browser sees no change in it.
        const keep = async () => {
          if (round !== this.round) return; // the field of a round before
          const wanted = name.value.trim();
          if (!wanted) name.value = each.name ?? "";
          if (!wanted || wanted === sent) {
            this.refused.delete(each.id);
            return;
          }
          sent = wanted;
          this.refused.set(each.id, wanted);
          if (await this.make({ kind: "rename", speaker: each.id, name: wanted })) {
            this.refused.delete(each.id);
            this.show();
          } else sent = each.name ?? "";
        };
        const name = h("input", {
          value: this.refused.get(each.id) ?? each.name ?? "",
          placeholder: plain,
          maxlength: 100,
          "data-key": each.id,
          "aria-label": `Name of ${this.names(each.id)}`,
          onblur: keep,
          onkeydown: (event) => {
            if (event.key === "Enter") keep();
          },
        });
        const others = speakers.filter((other) => other.id !== each.id);
        const merge = choice(
          [["", "Merge with"], ...others.map((other) => [other.id, this.names(other.id)])],
          "",
          (into) => into && this.make({ kind: "merge", speaker: each.id, into }),
          { "aria-label": `Merge ${this.names(each.id)} with` },
        );
        return h(
          "li",
          { class: `v${place % 8}`, "data-speaker": each.id },
          h("span", { class: "who" }, this.names(each.id)),
          name,
          others.length > 0 && merge,
          h(
            "span",
            { class: "small quiet num" },
            `channel ${each.channel + 1}, ${percent(each.talk_ms / recording.duration_ms)}`,
          ),
          sentimentOf(sentiments.get(each.id)),
        );
      }),
    );
  }

  // The name that is being typed, and is not stored.
  typed() {
    const field = document.activeElement;
    if (field?.tagName !== "INPUT" || !this.body.contains(field)) return null;
    const { speaker } = field.closest("li").dataset;
    const stored = this.store.report.speakers.find((each) => each.id === speaker)?.name ?? "";
    return field.value.trim() === stored && this.store.round === this.round
      ? null
      : { speaker, text: field.value };
  }

  // In the field of the same voice, which may have another id in a new round.
  retype({ text }, speaker) {
    const field = this.body.querySelector(`[data-speaker="${speaker}"] input`);
    if (!field) {
      notice(`The speaker that was being named is not there any more. The name was “${text}”.`, {
        bad: true,
      });
      return;
    }
    field.focus();
    field.value = text;
  }
}

function sentimentOf({ opposed, ...answers }) {
  const all = Object.values(answers).filter(Boolean).join(" · ");
  if (!all) return null;
  return h(
    "p",
    { class: "small mean" },
    `Sentiment: ${all}`,
    opposed && [" · ", h("strong", { class: "opposed" }, opposed)],
  );
}
