// The SHA-256 of a file, so that one that is stored already need not be sent.

const HASH_MOST = 256_000_000; // the browser hashes a file in one piece, in memory

/** Hex digits; null where the file is too large, or the page is not served by TLS. */
export async function digest(file) {
  if (!globalThis.crypto?.subtle || file.size > HASH_MOST) return null;
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
