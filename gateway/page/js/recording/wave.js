// The waveform, from peaks that the server made once: a slider over the time of the recording.

import { api } from "../api.js";
import { fill, h } from "../dom.js";
import { clock, spokenTime } from "../format.js";
import { debounced } from "../pace.js";
import { colours, prepared } from "./timeline.js";

const LEVELS = [null, 1600, 320]; // samples a pixel of zoom 1 and 2, at 16 kHz
const RATE = 16000;

export class Wave {
  constructor(id, channels, timeline, voiceAt, voiceOf) {
    Object.assign(this, { id, channels, timeline, voiceAt, voiceOf, parts: [] });
    this.height = channels <= 2 ? 44 * channels : Math.max(16 * channels, 88);
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.note = h("p", { class: "small quiet wave-note" });
    this.slider = h(
      "div",
      {
        class: "wave",
        role: "slider",
        tabindex: "0",
        "aria-label": "Position",
        "aria-valuemin": 0,
        "aria-valuemax": Math.round(timeline.duration / 1000),
      },
      this.canvas,
    );
    this.element = h("div", { class: "wave-box" }, this.slider, this.note);
    timeline.on(() => {
      this.paint();
      this.finer();
    });
    timeline.player.on(() => this.value());
    this.finer = debounced(() => this.fetch(), 150);
    timeline.player.signal.addEventListener("abort", () => this.finer.drop());
    this.slider.addEventListener("keydown", (event) => this.key(event));
    this.slider.addEventListener("pointerdown", (event) => this.drag(event));
    this.value();
  }

  async load() {
    await this.part(0);
  }

  // Zoom 0 is the whole; finer ones are asked for where a pixel of theirs is needed, for the part in view.
  async fetch() {
    const perPixel =
      (((this.timeline.to - this.timeline.from) / 1000) * RATE) / Math.max(300, this.canvas.clientWidth);
    const whole = this.parts.find((each) => each.zoom === 0);
    if (!whole || perPixel >= whole.samples_per_pixel) return;
    await this.part(perPixel < LEVELS[1] / 2 ? 2 : 1);
  }

  async part(zoom) {
    const { from, to, duration } = this.timeline;
    const [start, end] = zoom
      ? [Math.max(0, from - (to - from)), Math.min(duration, to + (to - from))]
      : [0, duration];
    if (this.parts.some((each) => each.zoom >= zoom && each.start <= from && each.end >= to)) return;
    const query = new URLSearchParams({
      zoom,
      ...(zoom && { start_ms: Math.floor(start), end_ms: Math.ceil(end) }),
    });
    try {
      const peaks = await api(`/recordings/${this.id}/peaks?${query}`, {
        signal: this.timeline.player.signal,
      });
      this.parts = [...this.parts.filter((each) => each.zoom === 0), { ...peaks, zoom, start, end }];
      fill(this.note);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!zoom) fill(this.note, error.status === 404 ? "This server has no waveforms." : error.message);
    }
    this.paint();
  }

  paint() {
    const { from, to } = this.timeline;
    const { context, width } = prepared(this.canvas, this.height);
    const best = this.parts.filter((each) => each.start <= from && each.end >= to).at(-1) ?? this.parts[0];
    if (!best || !width) return;
    const palette = colours("line", ...Array.from({ length: 8 }, (_, place) => `v${place}`));
    const tall = this.height / best.channels;
    const perMs = best.sample_rate / 1000 / best.samples_per_pixel;
    for (let channel = 0; channel < best.channels; channel += 1) {
      const middle = (channel + 0.5) * tall;
      context.fillStyle = palette.line;
      context.fillRect(0, Math.round(middle), width, 1);
      context.fillStyle = palette[`v${this.voiceOf(channel) % 8}`];
      for (let x = 0; x < width; x += 1) {
        const begin = Math.max(0, Math.floor((this.timeline.at(x / width) - (best.start_ms ?? 0)) * perMs));
        const end = Math.min(
          best.length,
          Math.max(begin + 1, Math.floor((this.timeline.at((x + 1) / width) - (best.start_ms ?? 0)) * perMs)),
        );
        let [low, high] = [0, 0];
        for (let place = begin; place < end; place += 1) {
          const at = 2 * (place * best.channels + channel);
          if (best.data[at] < low) low = best.data[at];
          if (best.data[at + 1] > high) high = best.data[at + 1];
        }
        const up = (high / 128) * (tall / 2 - 1);
        const down = (-low / 128) * (tall / 2 - 1);
        if (up + down > 0) context.fillRect(x, middle - up, 1, Math.max(1, up + down));
      }
    }
  }

  // Said anew once a second, and while playing only where the slider has no focus: a reader would not stop.
  value() {
    const { time, playing } = this.timeline.player;
    const second = Math.round(time / 1000);
    if (second === this.second || (playing && document.activeElement === this.slider)) return;
    this.second = second;
    this.slider.setAttribute("aria-valuenow", second);
    const voice = this.voiceAt(time);
    this.slider.setAttribute("aria-valuetext", `${spokenTime(time)}${voice ? `, ${voice} speaking` : ""}`);
    this.slider.title = clock(time);
  }

  key(event) {
    const { player, duration } = this.timeline;
    const steps = {
      ArrowLeft: -5000,
      ArrowRight: 5000,
      ArrowDown: -5000,
      ArrowUp: 5000,
      PageDown: -30000,
      PageUp: 30000,
    };
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key in steps) player.move(steps[event.key] / (event.shiftKey ? 5 : 1));
    else if (event.key === "Home") player.seek(0);
    else if (event.key === "End") player.seek(duration);
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.second = null;
    this.value();
  }

  drag(event) {
    const seek = ({ clientX }) => {
      const box = this.slider.getBoundingClientRect();
      this.timeline.player.seek(this.timeline.at(Math.min(1, Math.max(0, (clientX - box.left) / box.width))));
    };
    if (event.button) return;
    this.slider.setPointerCapture(event.pointerId);
    seek(event);
    this.slider.addEventListener("pointermove", seek);
    const stop = () => this.slider.removeEventListener("pointermove", seek);
    this.slider.addEventListener("pointerup", stop, { once: true });
    this.slider.addEventListener("pointercancel", stop, { once: true });
  }
}
