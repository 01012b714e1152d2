// The lanes: each group a canvas with its labels as text beside it, or a table of the same.

import { fill, h } from "../dom.js";
import { plural, words } from "../format.js";
import { arrange, keepFocus } from "../redraw.js";
import { recall, remember } from "../settings.js";
import { colours, prepared } from "./timeline.js";

const ROW = 17;
const TABLE_STEP = 200;
const HATCH = 5;

export class Lanes {
  /** `correct(kind, span, label)` is called where a label is changed in a table. */
  constructor(timeline, correct) {
    Object.assign(this, {
      timeline,
      correct,
      closed: new Set(recall("lanes.closed", [])),
      tables: new Set(recall("lanes.tables", [])),
      painters: new Map(), // by the id of a group, as the next two
      shown: new Map(),
      rows: new Map(),
    });
    this.body = h("div", {});
    this.element = h("div", { class: "lanes tracks" }, timeline.cursor(), this.body);
    timeline.on(() => {
      for (const paint of this.painters.values()) paint();
    });
  }

  /** Groups that did not change stay as they are. */
  show(groups) {
    keepFocus(this.body, () =>
      arrange(
        this.body,
        groups.map((group) => {
          const known = this.shown.get(group.id);
          if (known && alike(known.group, group)) return known.element;
          const at = known?.element.querySelector(".lane-table")?.scrollTop ?? 0;
          const element = this.group(group);
          this.shown.set(group.id, { group, element, at });
          return element;
        }),
      ),
    );
    for (const [id, found] of this.shown) {
      const there = found.element.isConnected;
      if (there && found.at) found.element.querySelector(".lane-table").scrollTop = found.at;
      found.at = 0;
      if (there) continue;
      this.shown.delete(id);
      this.painters.delete(id);
    }
    this.timeline.repaint();
  }

  group(group) {
    const spot = h("span", { class: "spot quiet" }, group.note ?? "");
    const body = h("div", {});
    const asTable = h(
      "button",
      {
        class: "plain small",
        "aria-pressed": this.tables.has(group.id),
        onclick: () => {
          this.flip(this.tables, "lanes.tables", group.id);
          draw();
        },
      },
      "Table",
      h("span", { class: "hidden-text" }, ` of ${group.title}`),
    );
    const fold = h(
      "button",
      {
        class: "plain fold",
        "aria-expanded": !this.closed.has(group.id),
        onclick: () => {
          this.flip(this.closed, "lanes.closed", group.id);
          draw();
        },
      },
      group.title,
    );
    const draw = () => {
      const [open, table] = [!this.closed.has(group.id), this.tables.has(group.id)];
      fold.setAttribute("aria-expanded", open);
      asTable.setAttribute("aria-pressed", table);
      asTable.hidden = !open;
      spot.hidden = !open;
      body.hidden = !open;
      this.painters.delete(group.id);
      if (!open) return;
      fill(body, table ? this.table(group) : this.picture(group, spot));
      this.painters.get(group.id)?.();
    };
    draw();
    return h(
      "div",
      {
        class: `lane-group${group.alarm ? " alarm" : ""}`,
        role: "group",
        "data-lane": group.id,
        "aria-label": `Lane: ${group.title}`,
      },
      h("div", { class: "lane-head" }, h("h2", {}, fold), spot, asTable),
      body,
    );
  }

  flip(set, name, id) {
    if (!set.delete(id)) set.add(id);
    remember(name, [...set]);
  }

  picture(group, spot) {
    const canvas = h("canvas", {
      role: "img",
      "aria-label": `${group.title} over time. ${group.rows.map((row) => `${row.label} ${row.share}`).join(", ")}. The table has every value.`,
    });
    const height = ROW * group.rows.length;
    const hit = ({ offsetX, offsetY }) => {
      const ms = this.timeline.at(offsetX / canvas.clientWidth);
      return group.rows[Math.floor(offsetY / ROW)]?.spans.find((each) => each.start <= ms && ms < each.end);
    };
    canvas.addEventListener("pointermove", (event) => fill(spot, hit(event)?.title ?? group.note ?? ""));
    canvas.addEventListener("pointerleave", () => fill(spot, group.note ?? ""));
    canvas.addEventListener("click", (event) =>
      this.timeline.player.seek(this.timeline.at(event.offsetX / canvas.clientWidth)),
    );
    this.painters.set(group.id, () => paint(canvas, group.rows, height, this.timeline));
    return h(
      "div",
      { class: "lane" },
      h(
        "ul",
        { class: "labels" },
        group.rows.map((row) =>
          h("li", {}, h("span", {}, row.label), h("span", { class: "num quiet" }, row.share)),
        ),
      ),
      canvas,
    );
  }

  table(group) {
    const body = h("tbody", {});
    const { head, rows } = group.table;
    let shown = 0;
    const more = h("button", { onclick: () => step() });
    const step = (most = TABLE_STEP) => {
      const part = rows.slice(shown, shown + most);
      body.append(
        ...part.map((row) =>
          h(
            "tr",
            { class: row.greyed ? "greyed" : null },
            row.cells.map((cell, place) => h("td", {}, this.cell(group, row, cell, place))),
          ),
        ),
      );
      shown += part.length;
      this.rows.set(group.id, shown);
      more.hidden = shown >= rows.length;
      fill(more, `Show more of ${plural(rows.length, "row")}`);
    };
    step(this.rows.get(group.id));
    return h(
      "div",
      { class: "scrolls lane-table", tabindex: "0", role: "region", "aria-label": `Table of ${group.title}` },
      h(
        "table",
        {},
        h("caption", { class: "hidden-text" }, group.title),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            head.map((name) => h("th", { scope: "col" }, name)),
          ),
        ),
        body,
      ),
      more,
    );
  }

  cell(group, row, text, place) {
    if (place === 0)
      return h("button", { class: "plain time", onclick: () => this.timeline.player.seek(row.at) }, text);
    if (place !== 2 || !group.editable || !row.span) return text;
    const labels = [...new Set([row.label, ...group.editable.labels])];
    const select = h(
      "select",
      {
        "aria-label": `${group.title} from ${row.cells[0]}`,
        onchange: () => this.correct(group.editable.kind, row.span, select.value),
      },
      labels.map((each) => h("option", { value: each, selected: each === row.label }, words(each))),
    );
    return select;
  }
}

/** Whether two values of plain data are the same. */
function alike(one, other) {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => alike(one[name], other[name]));
}

function paint(canvas, rows, height, timeline) {
  const { context, width } = prepared(canvas, height);
  if (!width) return;
  const palette = colours(
    "lane",
    "line",
    "bad",
    "ink2",
    ...Array.from({ length: 8 }, (_, place) => `v${place}`),
  );
  rows.forEach((row, place) => {
    const bottom = (place + 1) * ROW - 2;
    context.globalAlpha = 1;
    context.fillStyle = palette.line;
    context.fillRect(0, bottom, width, 1);
    for (const each of row.spans) {
      const left = timeline.x(each.start) * width;
      const wide = Math.max(1, timeline.x(each.end) * width - left - 0.5);
      if (left > width || left + wide < 0) continue;
      const tall = Math.max(2, each.share * (ROW - 4));
      const colour = each.alarm
        ? palette.bad
        : each.voice === undefined
          ? palette.lane
          : palette[`v${each.voice % 8}`];
      if (each.rejected) {
        hatch(context, palette.ink2, left, bottom - tall, wide, tall);
        continue;
      }
      context.globalAlpha = each.won ? 1 : 0.28;
      context.fillStyle = colour;
      context.fillRect(left, bottom - tall, wide, tall);
    }
  });
}

function hatch(context, colour, left, top, wide, tall) {
  context.save();
  context.globalAlpha = 1;
  context.strokeStyle = colour;
  context.beginPath();
  context.rect(left + 0.5, top + 0.5, Math.max(1, wide - 1), Math.max(1, tall - 1));
  context.stroke();
  context.clip();
  for (let x = left - tall; x < left + wide; x += HATCH) {
    context.moveTo(x, top + tall);
    context.lineTo(x + tall, top);
  }
  context.stroke();
  context.restore();
}
