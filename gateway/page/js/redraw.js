// Drawing again what is there already: what stays is not touched, and the focus stays where it was.

const CONTROLS = "a[href], button, input, select, textarea, summary, [tabindex]";

/** Makes these elements the children, in this order. Those that stay in it are not moved. */
export function arrange(parent, elements) {
  const wanted = new Set(elements);
  for (const child of [...parent.children]) if (!wanted.has(child)) leave(child);
  let at = parent.firstElementChild;
  for (const each of elements) {
    if (each === at) at = at.nextElementSibling;
    else parent.insertBefore(each, at);
  }
}

// The focus of one that is removed goes to the next one, or to the one before.
function leave(element) {
  const focused = element.contains(document.activeElement);
  const next = element.nextElementSibling ?? element.previousElementSibling;
  element.remove();
  if (focused) (next?.querySelector(CONTROLS) ?? document.querySelector("main h1"))?.focus();
}

/** Does `work`, which draws the content of `parent` anew; a control that had the focus has it again, by its kind and name. */
export function keepFocus(parent, work) {
  const focused = document.activeElement;
  if (focused === parent || !parent.contains(focused)) return work();
  const name = nameOf(focused);
  const place = twins(parent, name).indexOf(focused);
  const done = work();
  if (document.activeElement === focused) return done;
  const now = twins(parent, name);
  const other = parent.contains(document.activeElement) ? null : document.querySelector("main h1");
  (now[Math.min(place, now.length - 1)] ?? other)?.focus({ preventScroll: true });
  return done;
}

const twins = (parent, name) =>
  [...parent.querySelectorAll(CONTROLS)].filter((each) => !each.disabled && nameOf(each) === name);

const nameOf = (each) => {
  const key = each.dataset.key ?? each.dataset.edit ?? each.dataset.seek ?? each.getAttribute("aria-label");
  return `${each.tagName} ${key ?? (each.tagName === "SELECT" ? each.name : each.textContent)}`;
};
