// The speakers: names everywhere, merging two that are one, swapping the roles of the channels.

import { choice, fill, h } from "../dom.js";
import { percent } from "../format.js";

export class Voices {
  constructor(store, names) {
    Object.assign(this, { store, names });
    this.status = h("span", { class: "small", role: "status" });
    this.body = h("ul", { class: "voices" });
    this.swap = h(
      "button",
      {
        onclick: () => this.make({ kind: "roles", roles: [...this.store.report.recording.roles].reverse() }),
      },
      "Swap roles",
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
    } catch (error) {
      fill(this.status, `Not saved: ${error.message}`);
      this.show();
    }
  }

  show() {
    const { speakers, recording } = this.store.report;
    this.swap.hidden = recording.roles.length !== 2;
    if (this.body.contains(document.activeElement) && document.activeElement.tagName === "INPUT") return; // a name is being typed
    fill(
      this.body,
      speakers.map((each, place) => {
        const plain = this.names(each.id, true);
        const name = h("input", {
          value: each.name ?? "",
          placeholder: plain,
          maxlength: 100,
          "aria-label": `Name of ${this.names(each.id)}`,
          onchange: () => {
            const wanted = name.value.trim();
            if (wanted && wanted !== each.name) {
              name.blur();
              this.make({ kind: "rename", speaker: each.id, name: wanted });
            } else name.value = each.name ?? "";
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
          { class: `v${place % 8}` },
          h("span", { class: "who" }, this.names(each.id)),
          name,
          others.length > 0 && merge,
          h(
            "span",
            { class: "small quiet num" },
            `channel ${each.channel + 1}, ${percent(each.talk_ms / recording.duration_ms)}`,
          ),
        );
      }),
    );
    this.body.hidden = !speakers.length;
    if (!speakers.length) fill(this.status, "No speaker was found.");
  }
}
