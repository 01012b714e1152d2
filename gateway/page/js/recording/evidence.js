// Panels of what was found in the words, each with the places that it rests on. A time plays from there.

import { fill, h } from "../dom.js";
import { clock } from "../format.js";
import { keepFocus } from "../redraw.js";
import { recall, remember } from "../settings.js";

const FIRST = 5; // places that are shown before all are asked for

/** A panel of {title, note, places}, of which a place is {start, who, said, note}; hidden where there are none. */
export class Evidence {
  constructor(title, seek) {
    Object.assign(this, { title, seek, whole: new Set() });
    const key = `${title.toLowerCase()}Open`;
    this.body = h("div", { class: "stack evidence" });
    this.element = h(
      "details",
      {
        class: "panel",
        open: recall(key, true),
        ontoggle: () => remember(key, this.element.open),
      },
      h("summary", {}, h("h2", {}, title)),
      this.body,
    );
  }

  /** `before`: elements above the groups. */
  show(groups, before = []) {
    this.element.hidden = !groups.length && !before.length;
    const now = JSON.stringify([groups, before.map((each) => each.textContent)]);
    if (now === this.shown) return;
    Object.assign(this, { shown: now, groups, before });
    this.draw();
  }

  draw() {
    keepFocus(this.body, () =>
      fill(
        this.body,
        this.before,
        this.groups.map((group) => this.group(group)),
      ),
    );
  }

  group({ title, note, places }) {
    const shown = this.whole.has(title) ? places : places.slice(0, FIRST);
    const all = () => {
      this.whole.add(title);
      this.draw();
    };
    return h(
      "section",
      { "aria-label": title },
      h("h3", {}, title, h("span", { class: "small quiet" }, ` ${note}`)),
      h(
        "ul",
        {},
        shown.map((each) => h("li", {}, this.time(each), h("span", {}, saidAt(each)))),
      ),
      shown.length < places.length &&
        h(
          "button",
          { "aria-label": `Show all ${places.length} of ${title}`, onclick: all },
          `Show all ${places.length}`,
        ),
    );
  }

  time({ start }) {
    return h(
      "button",
      {
        class: "plain time num",
        "data-key": start,
        "aria-label": `Play from ${clock(start)}`,
        onclick: () => this.seek(start),
      },
      clock(start),
    );
  }
}

/** Who, the words, and how they were found. */
const saidAt = ({ who, said, note }) => [
  who && h("span", { class: "quiet" }, `${who}: `),
  said && h("q", {}, said),
  note && h("span", { class: "small quiet" }, said ? ` ${note}` : note),
];

/** The same as rows of a table. */
export const rowsOfEvidence = (groups) =>
  groups.flatMap(({ title, note, places }) =>
    places.map((each) => [
      `${title}, ${note}`,
      clock(each.start, true),
      each.who ?? "–",
      each.said ? `“${each.said}”` : "–",
      each.note ?? "–",
    ]),
  );
