// The token: typed once, kept for this tab, or for this browser where that is asked for.

import { check, field, h } from "./dom.js";
import { recall, remember } from "./settings.js";

let asked = null;
let accepted = null; // the token that the server took

export const token = () => recall("token", null, "sessionStorage") ?? recall("token", null);

/** Notes that the server took a token. */
export function accept(taken) {
  if (taken !== accepted && taken === token()) {
    accepted = taken;
    remember("accepted", true, "sessionStorage");
  }
}

export function forget() {
  accepted = null;
  remember("accepted", null, "sessionStorage");
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
    const ended = why && recall("accepted", false, "sessionStorage"); // in this tab
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
        h("h2", { id: "token-title" }, ended ? "Your token is no longer accepted" : "Sign in with a token"),
        why && !ended && h("p", { class: "note warn", role: "alert" }, "This token is not accepted."),
        ended &&
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
