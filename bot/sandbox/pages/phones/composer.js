// Where the person types. As in the apps, the send button takes the place of the others once there are words.

import { el, icon, iconButton } from "./dom.js";

const TALLEST = 110;

/** The bar at the foot of a phone; `on` has send(text), edit(n, text), attach(), voice(), sticker(), start(). */
export class Composer {
  constructor(phone, on) {
    this.on = on;
    this.editing = null;
    const id = (name) => `${name}-${phone.key}`;
    this.input = el("textarea", { rows: "1", placeholder: "Tin nhắn", "aria-label": `Tin nhắn của ${phone.user}`,
      autocomplete: "off", "data-testid": id("composer") });
    const telegram = phone.kind === "telegram";
    const sticker = iconButton("smile", "Nhãn dán", id("quick-sticker"), () => on.sticker());
    const clip = telegram ? "clip" : "image";
    const attach = iconButton(clip, "Gửi kèm ảnh, tệp, vị trí", id("attach"), () => on.attach());
    const voice = iconButton("mic", "Gửi lời nói", id("voice"), () => on.voice());
    const named = { "aria-label": "Gửi", title: "Gửi", "data-testid": id("send") };
    const send = el("button", { class: "ib send", ...named }, icon("send"));
    const idle = el("span", { class: "idle" }, ...(telegram ? [attach, voice] : [voice, attach]));
    this.note = el("div", { class: "editing", hidden: true }, icon("pen"), el("span", {}, "Sửa tin"),
      iconButton("close", "Thôi sửa", id("stop-edit"), () => this.stopEditing()));
    const bar = el("div", { class: "bar" }, sticker, this.input, idle, send);
    this.begin = telegram ? el("button", { type: "button", class: "begin", hidden: true, "data-testid": id("start"),
      click: () => on.start() }, "BẮT ĐẦU") : null;
    this.node = el("form", { class: "composer", submit: (event) => this.submit(event) }, this.note, bar, this.begin);
    this.input.addEventListener("input", () => this.fit());
    this.input.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    // While an input method is composing (Telex, VNI), Enter belongs to it.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.submit(event);
    if (event.key === "Escape" && this.editing) this.stopEditing();
  }

  submit(event) {
    event.preventDefault();
    const text = this.input.value;
    if (!text.trim()) return;
    const n = this.editing;
    this.stopEditing();
    if (n) this.on.edit(n, text);
    else this.on.send(text);
  }

  fit() {
    this.node.classList.toggle("typing", Boolean(this.input.value.trim()));
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(TALLEST, this.input.scrollHeight)}px`;
  }

  put(text) {
    this.input.value = text;
    this.fit();
  }

  /** The words being typed, taken away: they become a photo's caption. */
  take() {
    const text = this.editing ? "" : this.input.value.trim();
    if (text) this.put("");
    return text;
  }

  edit(item) {
    this.editing = item.n;
    this.note.hidden = false;
    this.put(item.text);
    this.input.focus();
  }

  stopEditing() {
    this.editing = null;
    this.note.hidden = true;
    this.put("");
  }

  /** Before the first message Telegram offers only the start button. */
  fresh(empty) {
    if (this.begin) this.begin.hidden = !empty;
    this.node.classList.toggle("fresh", Boolean(this.begin) && empty);
  }
}
