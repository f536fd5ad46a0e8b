// What slides in at the top of a phone, as on a lock screen: the first forty characters and no more.

import { el, icon } from "./dom.js";
import { TITLES, isEmergency } from "./bubbles.js";

const SEEN_MS = 7000;
const URGENT_MS = 15_000;
const ANSWER_MS = 8000; // a bot message this soon after the person's own is an answer, not news
const FIRST = 40;

/** The first forty characters, lines run together: what a lock screen has room for. */
export function preview(item) {
  const letters = Array.from((item.text || TITLES[item.kind] || "").replace(/\s+/g, " ").trim());
  return letters.length > FIRST ? `${letters.slice(0, FIRST).join("")}…` : letters.join("");
}

/** Whether `item` came unasked: not silent, and no answer to what the person just did (an emergency always counts). */
export function popsUp(item, lastOwnMs) {
  if (item.who !== "bot" || item.kind === "system" || item.silent) return false;
  return isEmergency(item) || item.at_ms - lastOwnMs > ANSWER_MS;
}

/** The place on a phone where notices appear. */
export class Notices {
  constructor(phone, app) {
    this.phone = phone;
    this.app = app;
    this.node = el("div", { class: "notices", "aria-live": "assertive", "data-testid": `notices-${phone.key}` });
  }

  /** Slide one in; it leaves when touched or after a while, an emergency after a longer one. */
  show(item, open) {
    const urgent = isEmergency(item);
    const close = () => card.remove();
    const body = el("span", { class: "said" }, preview(item));
    const head = el("span", { class: "when" }, el("b", {}, this.app), el("span", {}, "bây giờ"));
    const title = el("span", { class: "title" }, urgent ? `Khẩn cấp · ${this.phone.title}` : this.phone.title);
    const touched = () => {
      close();
      open(item);
    };
    const card = el("button", {
      type: "button", class: urgent ? "notice urgent" : "notice", "data-testid": "notice",
      "data-urgent": String(urgent), "data-n": item.n, click: touched,
    }, el("span", { class: "app" }, icon(urgent ? "warn" : "send")), el("span", { class: "lines" }, head, title, body));
    const before = urgent ? null : [...this.node.querySelectorAll(".urgent")].pop(); // news stays below an emergency
    if (before) before.after(card);
    else this.node.prepend(card);
    while (this.node.children.length > 3) this.node.lastChild.remove();
    setTimeout(close, urgent ? URGENT_MS : SEEN_MS);
  }

  /** Who uses the phone has seen them. */
  clear() {
    this.node.replaceChildren();
  }
}
