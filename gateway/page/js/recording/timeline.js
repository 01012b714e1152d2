// The stretch of the recording that waveform and lanes show, and the line through all of them at the present time.

import { fill, h } from "../dom.js";
import { clock } from "../format.js";

const LEAST_MS = 2000;

export class Timeline {
  constructor(player, duration) {
    Object.assign(this, { player, duration, from: 0, to: duration, painters: new Set() });
    this.lines = [];
    this.element = h("div", { class: "timeline" });
    this.ruler = h("div", { class: "ruler", "aria-hidden": "true" });
    const repaint = () => {
      if (!this.asked) {
        this.asked = requestAnimationFrame(() => {
          this.asked = 0;
          this.paint();
        });
      }
    };
    this.repaint = repaint;
    const sizes = new ResizeObserver(repaint);
    sizes.observe(this.element);
    player.signal.addEventListener("abort", () => sizes.disconnect());
    document.addEventListener("earshot-theme", repaint, { signal: player.signal });
    player.on(() => this.moved());
    this.element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  /** A line at the present time, for a box whose tracks begin at its property --gutter. */
  cursor() {
    const line = h("div", { class: "cursor", "aria-hidden": "true" });
    this.lines.push(line);
    return line;
  }

  /** `painter()` runs again whenever stretch, width or theme change. */
  on(painter) {
    this.painters.add(painter);
  }

  get whole() {
    return this.from <= 0 && this.to >= this.duration;
  }
  x(ms) {
    return (ms - this.from) / (this.to - this.from);
  }
  at(share) {
    return this.from + share * (this.to - this.from);
  }

  show(from, to) {
    const length = Math.min(this.duration, Math.max(Math.min(LEAST_MS, this.duration), to - from));
    this.from = Math.min(Math.max(0, from), this.duration - length);
    this.to = this.from + length;
    this.repaint();
  }

  zoom(factor) {
    const middle =
      this.x(this.player.time) >= 0 && this.x(this.player.time) <= 1 ? this.player.time : this.at(0.5);
    const length = (this.to - this.from) * factor;
    this.show(middle - length / 2, middle + length / 2);
  }

  page(direction) {
    const length = (this.to - this.from) * 0.8 * direction;
    this.show(this.from + length, this.to + length);
  }

  wheel(event) {
    if (event.ctrlKey) {
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.25 : 0.8);
      return;
    }
    if (this.whole || Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
    event.preventDefault();
    const step = (event.deltaX / this.element.clientWidth) * (this.to - this.from);
    this.show(this.from + step, this.to + step);
  }

  moved() {
    const { time } = this.player;
    if (
      !this.whole &&
      (this.player.playing || this.player.sought !== this.followed) &&
      (time < this.from || time > this.to)
    ) {
      const length = this.to - this.from;
      this.show(time - length * 0.1, time + length * 0.9);
    }
    this.followed = this.player.sought;
    this.place();
  }

  place() {
    const share = this.x(this.player.time);
    for (const line of this.lines) {
      line.hidden = share < 0 || share > 1;
      line.style.setProperty("--at", share);
    }
  }

  paint() {
    this.marks();
    for (const painter of this.painters) painter();
    this.place();
  }

  marks() {
    const steps = [
      100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000, 120000, 300000, 600000, 1200000, 3600000,
      7200000,
    ];
    const wide = this.ruler.clientWidth || 600;
    const step = steps.find((each) => (each / (this.to - this.from)) * wide >= 64) ?? steps.at(-1);
    const marks = [];
    for (let ms = Math.ceil(this.from / step) * step; ms <= this.to; ms += step) {
      const mark = h("span", {}, clock(ms, step < 1000));
      mark.style.setProperty("--at", this.x(ms));
      if (this.x(ms) < 0.97) marks.push(mark);
    }
    fill(this.ruler, marks);
  }
}

/** A canvas in device pixels with this height; its context, scaled so that a unit is a CSS pixel. */
export function prepared(canvas, height) {
  const width = canvas.clientWidth;
  const scale = window.devicePixelRatio || 1;
  const wanted = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== wanted[0] || canvas.height !== wanted[1]) [canvas.width, canvas.height] = wanted;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width };
}

/** Colours of the theme by the name of their property. */
export function colours(...names) {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}
