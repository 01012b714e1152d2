// Scene and emotion at the present time, with their confidence.

import { fill, h } from "../dom.js";
import { percent, words } from "../format.js";
import { recall, remember } from "../settings.js";
import { lastBefore } from "./speech.js";

export class Classification {
  constructor(player, names) {
    Object.assign(this, { player, names });
    this.list = h("dl", { class: "facts" });
    this.element = h(
      "details",
      {
        class: "panel",
        open: recall("classificationOpen", true),
        ontoggle: () => remember("classificationOpen", this.element.open),
      },
      h("summary", {}, h("h2", {}, "Audio Classification")),
      this.list,
    );
    player.on(() => this.moved());
  }

  show(report) {
    this.report = report;
    this.turns = [...report.turns].filter((turn) => turn.emotion).sort((a, b) => a.start_ms - b.start_ms);
    this.last = null;
    this.moved();
  }

  moved() {
    if (!this.report) return;
    const { time } = this.player;
    const scene = this.report.scene[lastBefore(this.report.scene, time, (each) => each.start_ms)];
    const turn =
      this.turns[
        Math.max(
          0,
          lastBefore(this.turns, time, (each) => each.start_ms),
        )
      ];
    const key = `${scene?.start_ms} ${turn?.id}`;
    if (key === this.last) return;
    this.last = key;
    const overall = this.report.scene_overall;
    const entry = (name, label, share) => [
      h("dt", {}, name),
      h("dd", {}, h("span", {}, label), share !== null && h("span", { class: "num quiet" }, percent(share))),
    ];
    fill(
      this.list,
      scene ? entry("Scene", words(scene.label), scene.confidence) : entry("Scene", "not analysed", null),
      turn
        ? entry(`Emotion, ${this.names(turn.speaker)}`, words(turn.emotion.label), turn.emotion.confidence)
        : entry("Emotion", "not analysed", null),
      overall && entry("Scene overall", words(overall.label), overall.confidence),
    );
  }
}
