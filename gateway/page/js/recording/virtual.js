// A list of which only the rows in view, and one that is kept, are in the document. Heights are estimated until a row was shown.

import { h } from "../dom.js";

const BEYOND = 500;

export class Rows {
  /** `render(index)` makes a row; `estimate(index, width)` its height before it was shown. It ends with `signal`. */
  constructor(render, estimate, label, signal) {
    Object.assign(this, {
      render,
      estimate,
      count: 0,
      live: new Map(),
      kept: -1,
      heights: new Float64Array(0),
      tops: new Float64Array(1),
    });
    this.list = h("ol", { class: "rows", "aria-label": label });
    this.element = h(
      "div",
      { class: "scroller", tabindex: "0", role: "region", "aria-label": label },
      this.list,
    );
    this.element.addEventListener("scroll", () => this.soon(), { passive: true });
    this.sizes = new ResizeObserver((entries) => this.measured(entries));
    const own = new ResizeObserver(() => this.resized());
    own.observe(this.element);
    signal.addEventListener("abort", () => {
      own.disconnect();
      this.sizes.disconnect();
    });
  }

  /** Draws all rows anew; the element of the kept row stays, since one may be typing in it. `kept`: its index from now on. */
  reset(count, kept = -1) {
    const same = count === this.count;
    const element = this.live.get(this.kept);
    this.live.delete(this.kept);
    this.clear();
    if (element && kept >= 0) {
      this.live.set(kept, element);
      element.dataset.index = kept;
    } else if (element) {
      this.sizes.unobserve(element);
      element.remove();
    }
    this.kept = kept;
    this.count = count;
    if (!same) this.heights = new Float64Array(count);
    this.known = same ? this.known : new Uint8Array(count);
    this.guess();
    this.draw();
  }

  clear() {
    for (const element of this.live.values()) {
      this.sizes.unobserve(element);
      element.remove();
    }
    this.live.clear();
  }

  guess() {
    const width = this.element.clientWidth || 600;
    for (let index = 0; index < this.count; index += 1)
      if (!this.known[index]) this.heights[index] = this.estimate(index, width);
    this.sum(0);
  }

  sum(from) {
    if (this.tops.length !== this.count + 1) {
      this.tops = new Float64Array(this.count + 1);
      from = 0;
    }
    for (let index = from; index < this.count; index += 1)
      this.tops[index + 1] = this.tops[index] + this.heights[index];
    this.list.style.height = `${this.tops[this.count]}px`;
  }

  resized() {
    const width = this.element.clientWidth;
    if (width === this.width) {
      this.soon();
      return;
    }
    this.width = width;
    this.known?.fill(0);
    this.guess();
    this.draw();
    for (const [index, element] of this.live) this.heights[index] = element.offsetHeight;
    this.sum(0);
    this.place();
  }

  soon() {
    this.asked ??= requestAnimationFrame(() => {
      this.asked = undefined;
      this.draw();
    });
  }

  indexAt(top) {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tops[middle + 1] <= top) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  draw() {
    if (!this.count) return;
    const { scrollTop, clientHeight } = this.element;
    const first = this.indexAt(Math.max(0, scrollTop - BEYOND));
    const last = Math.min(this.count - 1, this.indexAt(scrollTop + clientHeight + BEYOND));
    for (const [index, element] of this.live) {
      if ((index < first || index > last) && index !== this.kept) {
        this.sizes.unobserve(element);
        element.remove();
        this.live.delete(index);
      }
    }
    for (let index = first; index <= last; index += 1) if (!this.live.has(index)) this.put(index);
    if (this.kept >= 0 && this.kept < this.count && !this.live.has(this.kept)) this.put(this.kept);
    this.place();
  }

  put(index) {
    const element = this.render(index);
    element.setAttribute("aria-setsize", this.count);
    element.setAttribute("aria-posinset", index + 1);
    element.dataset.index = index;
    let after = null; // document order is order of time, for keys and readers
    for (const other of this.list.children)
      if (Number(other.dataset.index) > index) {
        after = other;
        break;
      }
    this.list.insertBefore(element, after);
    this.live.set(index, element);
    this.sizes.observe(element);
  }

  place() {
    for (const [index, element] of this.live) element.style.transform = `translateY(${this.tops[index]}px)`;
  }

  measured(entries) {
    let [from, moved] = [this.count, 0];
    const top = this.element.scrollTop;
    for (const entry of entries) {
      const index = Number(entry.target.dataset.index);
      const height = entry.borderBoxSize[0].blockSize;
      if (this.live.get(index) !== entry.target || !height || Math.abs(height - this.heights[index]) < 0.5) {
        if (this.live.get(index) === entry.target) this.known[index] = 1;
        continue;
      }
      if (this.tops[index] + this.heights[index] <= top) moved += height - this.heights[index];
      this.heights[index] = height;
      this.known[index] = 1;
      from = Math.min(from, index);
    }
    if (from === this.count) return;
    this.sum(from);
    if (moved) this.element.scrollTop = top + moved;
    this.place();
    this.soon();
  }

  /** Draws one row anew. */
  again(index) {
    const element = this.live.get(index);
    if (!element) return null;
    this.sizes.unobserve(element);
    element.remove();
    this.live.delete(index);
    this.put(index);
    this.place();
    return this.live.get(index);
  }

  /** Brings a row into view, at about a third of the height. */
  reveal(index) {
    const { scrollTop, clientHeight } = this.element;
    const [top, bottom] = [this.tops[index], this.tops[index + 1]];
    if (top >= scrollTop + 8 && bottom <= scrollTop + clientHeight - 40) return;
    this.element.scrollTop = Math.max(0, top - clientHeight / 3);
    this.draw();
  }
}
