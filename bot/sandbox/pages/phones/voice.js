// A voice message: a play button, a line that fills as it plays, its length. One plays at a time.

import { el, icon } from "./dom.js";
import { seconds } from "./times.js";

let playing = null;

/** The player of `address`; the bars are drawn from `seed`, so that one message always looks the same. */
export function player(address, seed) {
  const audio = el("audio", { src: address, preload: "metadata", "data-testid": "audio" });
  const button = el("button", { type: "button", class: "play", "data-testid": "play" });
  const left = el("span", { class: "length" }, "0:00");
  const bars = el("span", { class: "wave", "aria-hidden": "true" }, ...drawn(seed));
  const show = () => {
    button.replaceChildren(icon(audio.paused ? "play" : "pause"));
    button.setAttribute("aria-label", audio.paused ? "Nghe lời nói" : "Dừng nghe");
    const done = audio.duration ? audio.currentTime / audio.duration : 0;
    [...bars.children].forEach((bar, i, all) => bar.classList.toggle("done", i < done * all.length));
    left.textContent = seconds(audio.paused && !audio.currentTime ? audio.duration : audio.currentTime);
  };
  button.addEventListener("click", () => toggle(audio));
  for (const event of ["play", "pause", "timeupdate", "loadedmetadata", "ended"]) audio.addEventListener(event, show);
  const whole = el("div", { class: "player" }, button, bars, left, audio);
  audio.addEventListener("error", () => {
    whole.classList.add("broken");
    left.textContent = "không nghe được";
  });
  show();
  return whole;
}

function toggle(audio) {
  if (!audio.paused) return audio.pause();
  if (playing && playing !== audio) playing.pause();
  playing = audio;
  if (audio.ended) audio.currentTime = 0;
  return audio.play().catch(() => audio.dispatchEvent(new Event("error")));
}

function drawn(seed) {
  let state = seed * 7919 + 13;
  return Array.from({ length: 26 }, () => {
    state = (state * 48271) % 2147483647;
    const bar = el("i");
    bar.style.height = `${20 + (state % 80)}%`;
    return bar;
  });
}
