// Plays the sound. Its time is the one clock of the view; it is kept where the sound cannot be had.

import { api } from "../api.js";
import { recall, remember } from "../settings.js";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3];
const KEEP_MS = 3000;

export class Player {
  constructor(id, duration, signal) {
    Object.assign(this, { id, duration, signal, speeds: SPEEDS, until: null, refused: "" });
    this.audio = new Audio();
    this.audio.preload = "metadata";
    this.audio.preservesPitch = true;
    this.listeners = new Set();
    this.wanted = recall(`place.${id}`, 0);
    if (this.wanted >= duration - 1000) this.wanted = 0;
    this.continued = this.wanted > 0;
    this.speed = recall("speed", 1);
    this.kept = 0;
    const tell = () => this.tell();
    for (const type of ["play", "pause", "seeked", "ratechange", "ended"])
      this.audio.addEventListener(type, tell, { signal });
    this.audio.addEventListener(
      "loadedmetadata",
      () => {
        this.audio.playbackRate = this.speed;
        if (this.wanted !== null) this.audio.currentTime = this.wanted / 1000;
        this.wanted = null;
      },
      { signal },
    );
    this.audio.addEventListener("error", () => this.again(), { signal });
    this.audio.addEventListener("play", () => this.frame(), { signal });
    window.addEventListener("pagehide", () => this.keep(), { signal });
    signal.addEventListener("abort", () => {
      this.keep();
      this.audio.pause();
      this.audio.removeAttribute("src");
      this.audio.load();
    });
  }

  get time() {
    return this.wanted ?? Math.round(this.audio.currentTime * 1000);
  }
  get playing() {
    return !this.audio.paused;
  }

  /** Calls `listener()` whenever the time or the state changed, at most once a frame. */
  on(listener) {
    this.listeners.add(listener);
  }
  tell() {
    for (const listener of this.listeners) listener();
  }

  async load() {
    const { ticket } = await api(`/sessions/${this.id}/audio-ticket`, {
      method: "POST",
      again: true,
      signal: this.signal,
    });
    if (this.wanted === null) this.wanted = this.time;
    this.audio.src = `/sessions/${this.id}/audio?ticket=${ticket}`;
    this.since = Date.now();
  }

  // A ticket lasts an hour: the next one continues where the sound stopped.
  async again() {
    if (this.signal.aborted || !this.audio.hasAttribute("src")) return;
    if (Date.now() - this.since < 5000) {
      this.refused = "The sound could not be loaded.";
      this.tell();
      return;
    }
    const playing = this.wantsPlay;
    await this.load();
    if (playing) this.audio.play();
  }

  async toggle() {
    if (this.playing) {
      this.wantsPlay = false;
      this.audio.pause();
      return;
    }
    this.wantsPlay = true;
    if (!this.audio.src || this.refused) {
      this.refused = "";
      await this.load();
    }
    await this.audio.play();
  }

  seek(ms) {
    const time = Math.min(Math.max(0, Math.round(ms)), this.duration);
    if (this.audio.readyState >= 1) this.audio.currentTime = time / 1000;
    else this.wanted = time;
    this.sought = time;
    this.tell();
  }

  move(ms) {
    this.seek(this.time + ms);
  }

  setSpeed(speed) {
    this.speed = speed;
    this.audio.playbackRate = speed;
    remember("speed", speed);
  }

  frame() {
    if (!this.playing || this.signal.aborted) return;
    this.tell();
    if (Date.now() - this.kept > KEEP_MS) this.keep();
    requestAnimationFrame(() => this.frame());
  }

  keep() {
    this.kept = Date.now();
    remember(`place.${this.id}`, this.time > 1000 ? this.time : null);
  }
}
