// One phone: its screen, and the loop that keeps its chat up to date.

import { act, chat } from "./api.js";
import { Attach } from "./attach.js";
import { row } from "./bubbles.js";
import { menu, scan } from "./choose.js";
import { Composer } from "./composer.js";
import { el, icon, iconButton } from "./dom.js";
import { Notices, popsUp } from "./notice.js";
import { Sheet } from "./sheet.js";
import { clock, day, dayTitle } from "./times.js";

const WAIT_S = 20;
const RECENT = 20; // that many last items are looked at again for edits and buttons taken away
const APPS = { zalo_oa: "Zalo", zalo_bot: "Zalo", telegram: "Telegram" };
const KINDS = { zalo_oa: "Zalo OA, không nút bấm", zalo_bot: "Zalo Bot", telegram: "Telegram" };
const SUBTITLES = { zalo_oa: "Tài khoản chính thức", zalo_bot: "Zalo Bot", telegram: "bot" };
const WRITE = "Nhắn một tin, hoặc bấm hình mã QR ở trên để quét mã của xã.";
const ASK = "Bot này làm được gì?\nBáo tin của xã, nhận câu hỏi và phản ánh của bà con.";
const EMPTY = { zalo_oa: WRITE, zalo_bot: WRITE, telegram: ASK };

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export class Phone {
  /** `phone` is {key, kind, title, user, letter}; `arrived(item)` hears of every new bot message. */
  constructor(phone, communes, arrived) {
    Object.assign(this, { phone, communes, arrived });
    this.last = 0;
    this.first = true; // what was there before the page opened does not pop up
    this.lastOwnMs = 0;
    this.items = new Map(); // n -> {seen: its JSON, node}
    this.doing = Promise.resolve();
    this.sheet = new Sheet(phone.key);
    this.notices = new Notices(phone, APPS[phone.kind]);
    this.attach = new Attach(phone.key, this.sheet, communes, {
      send: (action) => this.act(action), caption: () => this.composer.take(), fail: (error) => this.fail(error),
    });
    this.composer = new Composer(phone, {
      send: (text) => this.say(text), edit: (n, text) => this.act({ action: "edit", n, text }),
      attach: () => this.attach.open(), voice: () => this.attach.voice(),
      sticker: () => this.act({ action: "sticker" }), start: () => this.act({ action: "start", payload: "" }),
    });
    this.node = this.drawn();
  }

  drawn() {
    const { key, kind, title, user } = this.phone;
    this.toast = el("p", { class: "toast", role: "alert", hidden: true, "data-testid": `toast-${key}` });
    this.list = el("ol", { class: "chat", role: "log", "aria-label": `Cuộc trò chuyện với ${title}`, tabindex: "0",
      "data-empty": EMPTY[kind], "data-testid": `chat-${key}` });
    new ResizeObserver(() => this.nearEnd() && this.toEnd()).observe(this.list);
    this.time = el("span", {}, clock(Date.now()));
    const status = el("div", { class: "status", "aria-hidden": "true" }, this.time, el("span", { class: "icons" },
      icon("signal"), icon("wifi"), icon("battery")));
    const screen = el("div", { class: "screen" }, status, this.header(), this.list, this.composer.node,
      this.notices.node, this.sheet.node, this.toast);
    const owner = el("h2", {}, user, el("span", {}, KINDS[kind]));
    const label = `Điện thoại của ${user}, ${KINDS[kind]}`;
    return el("section", { class: `phone ${kind}`, "aria-label": label, "data-testid": `phone-${key}` },
      owner, el("div", { class: "case" }, screen));
  }

  header() {
    const { key, kind, title, letter } = this.phone;
    const scanning = () => scan(this.phone, this.sheet, this.communes, (action) => this.act(action));
    const name = el("div", { class: "name" }, el("b", {}, title), el("small", {}, SUBTITLES[kind]));
    const face = el("span", { class: "face", "aria-hidden": "true" }, letter);
    return el("header", { class: "head" }, icon("back"), face, name,
      iconButton("qr", "Quét mã QR, mở đường dẫn của xã", `qr-${key}`, scanning),
      iconButton(kind === "telegram" ? "dots" : "menu", "Theo dõi, bỏ theo dõi, chặn", `menu-${key}`,
        () => menu(this.phone, this.sheet, (action) => this.act(action), scanning)));
  }

  /** Send words; if that fails they are put back to be tried again. */
  async say(text) {
    const sent = await this.act({ action: "text", text });
    if (!sent && !this.composer.input.value) this.composer.put(text);
  }

  /** What the person does, one thing after the other; true when it was taken. */
  act(action) {
    this.atEnd = true;
    this.notices.clear();
    this.doing = this.doing.then(async () => {
      try {
        await act(this.phone.key, action);
        if (["edit", "tap"].includes(action.action)) await this.look();
        return true;
      } catch (error) {
        this.fail(error);
        return false;
      }
    });
    return this.doing;
  }

  fail(error) {
    this.toast.textContent = error.message;
    this.toast.hidden = false;
    clearTimeout(this.toasting);
    this.toasting = setTimeout(() => (this.toast.hidden = true), 5000);
  }

  /** Keep up with the chat for as long as the page lives; a page nobody looks at does not ask. */
  async run() {
    for (;;) {
      await visible();
      const began = performance.now();
      try {
        await this.poll();
        this.node.classList.remove("away");
      } catch (error) {
        if (error.name !== "AbortError") this.node.classList.add("away");
      }
      this.time.textContent = clock(Date.now());
      if (performance.now() - began < 200) await pause(this.node.classList.contains("away") ? 1500 : 250);
    }
  }

  async poll() {
    const stop = new AbortController();
    const hide = () => document.hidden && stop.abort();
    document.addEventListener("visibilitychange", hide);
    try {
      const { items, last } = await chat(this.phone.key, this.last, this.first ? 0 : WAIT_S, stop.signal);
      if (last < this.last) return this.restart();
      this.take(items);
      if (!this.first && this.phone.kind === "telegram") await this.look();
      this.first = false;
    } finally {
      document.removeEventListener("visibilitychange", hide);
    }
    return null;
  }

  /** The last items again: what was edited changes its looks. */
  async look() {
    const { items } = await chat(this.phone.key, Math.max(0, this.last - RECENT), 0);
    this.take(items);
  }

  /** The emulator began anew, and so do we. */
  restart() {
    this.last = 0;
    this.first = true;
    this.lastOwnMs = 0;
    this.items.clear();
    this.list.replaceChildren();
  }

  take(items) {
    const atEnd = this.atEnd || this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 80;
    const fresh = items.filter((item) => item.n > this.last);
    for (const item of items) this.place(item);
    for (const item of fresh) {
      this.last = item.n;
      if (item.who === "user") this.lastOwnMs = item.at_ms;
      if (!this.first && item.who === "bot") this.heard(item);
    }
    if (fresh.length || this.first) this.composer.fresh(this.last === 0);
    if (fresh.length && (atEnd || this.first)) this.toEnd();
    this.atEnd = false;
  }

  heard(item) {
    this.arrived(item);
    if (!popsUp(item, this.lastOwnMs)) return;
    this.notices.show(item, () => this.items.get(item.n)?.node.scrollIntoView({ block: "nearest" }));
  }

  place(item) {
    const seen = JSON.stringify(item);
    const old = this.items.get(item.n);
    if (old?.seen === seen) return;
    const node = row(this.phone, item, {
      tap: (n, r, c) => this.act({ action: "tap", n, row: r, col: c }), edit: (one) => this.composer.edit(one),
    });
    this.items.set(item.n, { seen, node, item });
    const before = this.items.get(item.n - 1)?.item;
    if (before && before.who === item.who && before.kind !== "system") node.classList.add("same");
    if (old) return void old.node.replaceWith(node);
    if (!before || day(before.at_ms) !== day(item.at_ms)) {
      this.list.append(el("li", { class: "day", "data-testid": "day" }, el("span", {}, dayTitle(item.at_ms))));
    }
    this.list.append(node);
    node.querySelectorAll("img, video").forEach((one) => {
      one.addEventListener(one.tagName === "IMG" ? "load" : "loadedmetadata", () => this.nearEnd() && this.toEnd());
    });
  }

  nearEnd() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 420;
  }

  toEnd() {
    this.list.scrollTop = this.list.scrollHeight;
  }
}

function visible() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((done) => document.addEventListener("visibilitychange", function look() {
    if (document.hidden) return;
    document.removeEventListener("visibilitychange", look);
    done();
  }));
}
