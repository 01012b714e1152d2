// The token: typed once, kept for this tab, or for this browser where that is asked for.

import { check, field, h } from "./dom.js";
import { recall, remember } from "./settings.js";

let asked = null;

export const token = () => recall("token", null, "sessionStorage") ?? recall("token", null);

export function forget() {
  remember("token", null, "sessionStorage");
  remember("token", null);
}

/** A token, typed if there is none. `refused`: one that the server did not take; `why`: its answer. */
export function aToken(refused = null, why = "") {
  const known = token();
  if (known && known !== refused) return Promise.resolve(known);
  asked ??= ask(refused ? why : "").finally(() => {
    asked = null;
  });
  return asked;
}

function ask(why) {
  return new Promise((resolve) => {
    let longer = recall("token", null) !== null;
    const input = h("input", {
      type: "password",
      name: "token",
      autocomplete: "off",
      spellcheck: "false",
      required: true,
      placeholder: "ear_…",
    });
    const dialog = h(
      "dialog",
      { "aria-labelledby": "token-title", closedby: "none" },
      h(
        "form",
        {
          method: "dialog",
          onsubmit: (event) => {
            event.preventDefault();
            forget();
            remember("token", input.value.trim(), longer ? "localStorage" : "sessionStorage");
            dialog.removeEventListener("close", show);
            dialog.close();
            dialog.remove();
            resolve(input.value.trim());
          },
        },
        h("h2", { id: "token-title" }, why ? "Your token is no longer accepted" : "Sign in with a token"),
        why &&
          h(
            "p",
            { class: "note warn" },
            "The server refused it. What you were doing is kept, and continues with a new token.",
          ),
        h(
          "p",
          { class: "small quiet" },
          "A token begins with ",
          h("code", {}, "ear_"),
          ". `earshot up` writes one to .earshot/token; `earshot token create NAME` prints a new one.".replaceAll(
            "`",
            "",
          ),
        ),
        field("Token", input),
        check("Remember it in this browser", longer, (on) => {
          longer = on;
        }),
        h("p", { class: "small quiet" }, "Otherwise it is kept until this tab is closed."),
        h("div", { class: "row" }, h("button", { class: "primary", type: "submit" }, "Continue")),
      ),
    );
    const show = () => {
      dialog.showModal();
      input.focus();
    };
    dialog.addEventListener("close", show); // by a browser that does not know closedby: nothing works without a token
    document.body.append(dialog);
    show();
  });
}
