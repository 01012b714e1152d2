// Filters of the list. They are in the address, so a filtered list is a link.

import { choice, field, h } from "../dom.js";
import { STATES } from "../format.js";
import { debounced } from "../pace.js";

const NAMES = ["text", "state", "label", "role", "since", "until"];
const LABELS = [
  "angry",
  "happy",
  "sad",
  "surprised",
  "frustrated",
  "negative",
  "positive",
  "speech",
  "music",
  "noise",
  "silence",
  "emergency",
];

/** What the API is asked for. Days are days of the reader's zone, the last one included. */
export function queryOf(params) {
  const query = new URLSearchParams();
  for (const name of NAMES) {
    const value = params.get(name);
    if (!value) continue;
    if (name === "since" || name === "until") {
      const day = new Date(`${value}T00:00:00`);
      if (Number.isNaN(day.getTime())) continue;
      if (name === "until") day.setDate(day.getDate() + 1);
      query.set(name, day.toISOString());
    } else query.set(name, value);
  }
  return query;
}

/** The bar, until `signal` ends; `changed` is called when `params` have changed. */
export function filterBar(params, changed, signal) {
  let address = location.hash;
  const apply = (name, value) => {
    if (location.hash !== address) return; // another view is being loaded
    if (value) params.set(name, value);
    else params.delete(name);
    const text = params.toString();
    history.replaceState(null, "", text ? `#/?${text}` : "#/");
    address = location.hash;
    clear.hidden = !text;
    changed();
  };
  const typed = debounced(() => apply("text", search.value.trim()), 300);
  signal.addEventListener("abort", typed.drop);
  const search = h("input", {
    type: "search",
    value: params.get("text") ?? "",
    placeholder: "File name or words spoken",
    maxlength: 200,
    oninput: typed,
  });
  const label = h("input", {
    value: params.get("label") ?? "",
    list: "labels",
    size: 12,
    placeholder: "any",
    onchange: () => apply("label", label.value.trim().toLowerCase().replaceAll(" ", "_")),
  });
  const date = (name) => {
    const input = h("input", {
      type: "date",
      value: params.get(name) ?? "",
      onchange: () => apply(name, input.value),
    });
    return input;
  };
  const clear = h("a", { class: "button", href: "#/", hidden: !params.toString() }, "Clear");
  const element = h(
    "form",
    {
      class: "filters",
      role: "search",
      onsubmit: (event) => {
        event.preventDefault();
        typed.now();
      },
    },
    field("Search", search, { class: "field search" }),
    field(
      "State",
      choice([["", "any"], ...Object.entries(STATES)], params.get("state") ?? "", (value) =>
        apply("state", value),
      ),
    ),
    field("Label found", label),
    h(
      "datalist",
      { id: "labels" },
      LABELS.map((value) => h("option", { value })),
    ),
    field(
      "Channel",
      choice(
        [
          ["", "any"],
          ["agent", "agent"],
          ["customer", "customer"],
        ],
        params.get("role") ?? "",
        (value) => apply("role", value),
      ),
    ),
    field("From", date("since")),
    field("To", date("until")),
    clear,
  );
  return { element, search };
}
