// Play, jump, speed and zoom; every key of the player has its button here.

import { choice, fill, h } from "../dom.js";
import { clock } from "../format.js";

export function transport(player, timeline) {
  const play = h("button", { class: "primary play", onclick: () => player.toggle() }, "Play");
  const time = h("span", { class: "num now" });
  const why = h("span", { class: "small quiet", role: "status" });
  const from = h(
    "button",
    {
      class: "plain",
      hidden: !player.continued,
      onclick: () => {
        player.seek(0);
        from.hidden = true;
      },
    },
    "From the beginning",
  );
  const earlier = h(
    "button",
    { class: "plain", "aria-label": "Earlier part", onclick: () => timeline.page(-1) },
    "‹",
  );
  const later = h(
    "button",
    { class: "plain", "aria-label": "Later part", onclick: () => timeline.page(1) },
    "›",
  );
  const whole = h("button", { class: "plain", onclick: () => timeline.show(0, timeline.duration) }, "Whole");
  const show = () => {
    const label = player.playing ? "Pause" : "Play";
    if (play.textContent !== label) fill(play, label);
    const text = clock(player.time, true);
    if (text !== time.dataset.text) {
      time.dataset.text = text;
      fill(time, h("strong", {}, text), ` / ${clock(player.duration)}`);
    }
    if (why.textContent !== player.refused) fill(why, player.refused);
  };
  const zoomed = () => {
    for (const each of [earlier, later, whole]) each.hidden = timeline.whole;
  };
  player.on(show);
  timeline.on(zoomed);
  show();
  zoomed();
  return h(
    "div",
    { class: "transport" },
    play,
    h("button", { "aria-label": "Back 5 seconds", onclick: () => player.move(-5000) }, "−5 s"),
    h("button", { "aria-label": "Forward 5 seconds", onclick: () => player.move(5000) }, "+5 s"),
    time,
    choice(
      player.speeds.map((speed) => [String(speed), `${speed}×`]),
      String(player.speed),
      (value) => player.setSpeed(Number(value)),
      { "aria-label": "Speed" },
    ),
    from,
    why,
    h("span", { class: "fill" }),
    earlier,
    later,
    whole,
    h("button", { class: "plain", onclick: () => timeline.zoom(2) }, "Zoom out"),
    h("button", { class: "plain", onclick: () => timeline.zoom(0.5) }, "Zoom in"),
  );
}
