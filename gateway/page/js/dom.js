// Elements. Text is always a text node: a name with markup in it stays a name.

const PROPERTIES = new Set([
  "value",
  "checked",
  "disabled",
  "hidden",
  "indeterminate",
  "open",
  "selected",
  "readOnly",
]);

/** An element with properties, attributes, listeners (`onclick`) and children; null children are left out. */
export function h(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  set(made, given);
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Sets what `h` sets; null and undefined remove an attribute. */
export function set(element, given) {
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) element[name] = value;
    else if (value === null || value === undefined) element.removeAttribute(name);
    else if (name.startsWith("aria-")) element.setAttribute(name, String(value));
    else if (value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  return element;
}

/** Puts children in place of those that are there. */
export function fill(element, ...children) {
  element.replaceChildren(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** A labelled control. */
export const field = (label, control, extra = {}) =>
  h("label", { class: "field", ...extra }, h("span", {}, label), control);

/** A labelled checkbox; `change` gets whether it is checked. */
export function check(label, checked, change, given = {}) {
  const box = h("input", { type: "checkbox", checked, onchange: () => change(box.checked), ...given });
  return h("label", { class: "check" }, box, h("span", {}, label));
}

/** A select of [value, label] pairs. */
export function choice(pairs, value, change, given = {}) {
  const made = h(
    "select",
    given,
    pairs.map(([key, label]) => h("option", { value: key }, label)),
  );
  made.value = value;
  made.addEventListener("change", () => change(made.value));
  return made;
}

/** A UUID, also where the page is not served by TLS. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
