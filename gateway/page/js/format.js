// Numbers, times and labels in words.

/** m:ss, or h:mm:ss; with `tenths` to a tenth of a second. */
export function clock(ms, tenths = false) {
  const total = Math.max(0, Math.floor(ms / 100));
  const seconds = Math.floor(total / 10);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const head = hours ? `${hours}:${two(minutes)}` : String(minutes);
  return `${head}:${two(rest)}${tenths ? `.${total % 10}` : ""}`;
}

/** "2 min 14 s": a time that is spoken. */
export function spokenTime(ms) {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  const parts = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const said = parts
    .filter(([count, unit], place) => count || (place === 2 && seconds < 60) || (unit === "s" && count))
    .map(([count, unit]) => `${count} ${unit}`);
  return said.join(" ");
}

/** A clock's text in ms; null if it is none: "2:14.5", "1:02:14", "134.5". */
export function readClock(text) {
  if (!/^(\d+:){0,2}\d+(\.\d{1,3})?$/.test(text.trim())) return null;
  return Math.round(
    text
      .trim()
      .split(":")
      .reduce((sum, part) => sum * 60 + Number(part), 0) * 1000,
  );
}

export const percent = (share) => `${Math.round(share * 100)} %`;

/** A part of a whole, which is never none. */
export const someOf = (share) => (share > 0 && share < 0.005 ? "<1 %" : percent(share));

export const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

/** Bytes in decimal units. */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [value, unit] = [count, 0];
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** "30 Nov 2026, 08:20" in the reader's zone. */
export function moment(iso) {
  return new Date(iso).toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
}

/** A label of a model in words: rain_light is "rain light". */
export const words = (label) => String(label).replaceAll("_", " ");

export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** "80 s" as a duration that is easy to compare. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

const ANALYSES = {
  asr: "Speech to text",
  diarization: "Speakers",
};

/** The name of an analysis. */
export const analysis = (name) => ANALYSES[name] ?? sentence(words(name));

export const STATES = {
  queued: "Queued",
  ingesting: "Reading",
  analyzing: "Analysing",
  complete: "Complete",
  partial: "Partial",
  failed: "Failed",
};
export const isOpen = (state) => ["queued", "ingesting", "analyzing"].includes(state);
