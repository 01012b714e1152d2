// A stretch as lanes draw it: {start, end} in ms, and what is given beside.

export const span = (each, further) => ({ start: each.start_ms, end: each.end_ms, ...further });
