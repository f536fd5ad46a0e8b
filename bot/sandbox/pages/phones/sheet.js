// The panel that rises from the bottom of a phone: attachments, places, communes, the menu.

import { el, icon, iconButton } from "./dom.js";

/** One sheet per phone; opening another closes the first. Escape or a touch beside it closes it. */
export class Sheet {
  constructor(key) {
    this.back = null;
    this.panel = el("div", { class: "panel", role: "dialog", tabindex: "-1", "data-testid": `sheet-${key}` });
    this.node = el("div", { class: "sheet", hidden: true }, this.panel);
    this.node.addEventListener("click", (event) => event.target === this.node && this.close());
    this.node.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
  }

  open(title, ...children) {
    if (this.node.hidden) this.back = document.activeElement;
    this.leave?.();
    this.leave = null;
    const close = iconButton("close", "Đóng", "close-sheet", () => this.close());
    this.panel.setAttribute("aria-label", title);
    this.panel.replaceChildren(el("div", { class: "bar" }, el("h3", {}, title), close), ...children);
    this.node.hidden = false;
    this.panel.focus({ preventScroll: true });
  }

  /** `run` is called once when what is shown now goes away. */
  onLeave(run) {
    this.leave = run;
  }

  close() {
    if (this.node.hidden) return;
    this.node.hidden = true;
    this.leave?.();
    this.leave = null;
    this.back?.focus?.({ preventScroll: true });
  }
}

/** A tile of a grid: picture above, words below. */
export function tile(picture, words, testid, click) {
  const face = typeof picture === "string" ? el("span", { class: "face" }, icon(picture)) : picture;
  return el("button", { type: "button", class: "tile", "data-testid": testid, click }, face, el("span", {}, words));
}

/** A line of a list. */
export function line(picture, words, testid, click, small = "") {
  const note = small ? el("small", {}, small) : null;
  return el("button", { type: "button", class: "line", "data-testid": testid, click },
    icon(picture), el("span", {}, words, note));
}
