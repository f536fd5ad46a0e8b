// One item of a chat as a row: bubble, picture, voice, place, sticker, or a line of the app's own.

import { el, icon } from "./dom.js";
import { fileAddress } from "./api.js";
import { formatted, link, plain, webAddress } from "./richtext.js";
import { clock } from "./times.js";
import { player } from "./voice.js";

/** What this is called in a notice when it has no words. */
export const TITLES = {
  voice: "Lời nói", image: "Ảnh", video: "Video", file: "Tệp", sticker: "Nhãn dán", location: "Vị trí",
};

const URGENT = /^\s*(🟠|🔴|🟣|🆘|🚨)|KHẨN( CẤP)?\s*[:–—-]|KHẨN CẤP/u;

/** An emergency says so in its first words: what the villager, and this page, can see from the lock screen. */
export function isEmergency(item) {
  const start = Array.from(item.text ?? "").slice(0, 60).join("");
  return item.who === "bot" && URGENT.test(start.normalize("NFC"));
}

/** The row of `item` on `phone`; `actions` are `tap(n, row, col)` and `edit(item)`. */
export function row(phone, item, actions) {
  const marks = { "data-n": item.n, "data-who": item.who, "data-kind": item.kind };
  if (item.kind === "system") {
    return el("li", { class: "system", "data-testid": "system", ...marks }, el("span", {}, item.text));
  }
  const bubble = el("div", { class: `bubble ${item.kind}`, "data-testid": "bubble", dir: "auto", ...marks });
  bubble.append(...content(phone, item));
  if (isEmergency(item)) bubble.setAttribute("data-urgent", "true");
  const stack = el("div", { class: "stack" }, bubble, keyboard(item, actions), editor(phone, item, actions));
  const face = item.who === "bot" ? el("span", { class: "face", "aria-hidden": "true" }, phone.letter) : null;
  return el("li", { class: `row ${item.who}`, ...marks }, face, stack);
}

function content(phone, item) {
  const address = item.url ? fileAddress(phone.key, item.url) : null;
  const shown = (SHOWN[item.kind] ?? SHOWN.text)(item, address);
  return [...shown, foot(phone, item)];
}

const told = (item) => (item.html ? formatted(item.html) : plain(item.text ?? ""));
const words = (item) => el("div", { class: "text" }, ...told(item));
const caption = (item) => (item.text ? [words(item)] : []);

const SHOWN = {
  text: (item) => [words(item)],
  voice: (item, address) => [player(address ?? "", item.n), ...caption(item)],
  image: (item, address) => [picture(address, item), ...caption(item)],
  video: (item, address) => [
    el("video", { src: address, controls: true, preload: "metadata", playsinline: true, "aria-label": "Video" }),
    ...caption(item),
  ],
  file: (item, address) => [download(item, address)],
  sticker: (_item, address) => [
    el("img", { class: "sticker", src: address ?? "static/sticker.svg", alt: "Nhãn dán" }),
  ],
  location: (item) => place(item),
};

function picture(address, item) {
  const alt = item.who === "bot" ? "Ảnh kênh gửi" : "Ảnh bà con gửi";
  const image = el("img", { src: address, alt, loading: "lazy" });
  const frame = link(address, image);
  image.addEventListener("error", () => {
    frame.replaceWith(el("span", { class: "gone" }, icon("image"), " Ảnh này không còn mở được"));
  });
  return frame;
}

function download(item, address) {
  const name = item.text || decodeURIComponent((item.url ?? "").split("/").pop() || "Tệp");
  const inside = [icon("file"), el("span", {}, name)];
  return address ? el("a", { class: "download", href: address, target: "_blank", rel: "noopener" }, ...inside)
    : el("span", { class: "download" }, ...inside);
}

function place(item) {
  const found = /(-?\d+(?:\.\d+)?)[,;\s]+(-?\d+(?:\.\d+)?)/.exec(item.text ?? "");
  const lat = item.lat ?? found?.[1];
  const lon = item.lon ?? found?.[2];
  const where = lat != null && lon != null ? `${Number(lat).toFixed(4)}, ${Number(lon).toFixed(4)}` : "";
  const said = (item.text ?? "").replace(found?.[0] ?? "", "").replace(/^[\s:(]+|[\s:)]+$/g, "");
  const map = el("div", { class: "map", role: "img", "aria-label": "Bản đồ nhỏ có ghim" }, icon("pin"));
  return [map, el("div", { class: "where" }, el("b", {}, said || "Vị trí"), where)];
}

function foot(phone, item) {
  const edited = item.edited ? el("span", { class: "edited" }, "đã sửa") : null;
  const ticks = phone.kind === "telegram" && item.who === "user" ? icon("ticks") : null;
  return el("div", { class: "foot" }, edited, el("time", {}, clock(item.at_ms)), ticks);
}

function keyboard(item, actions) {
  if (!item.buttons?.length) return null;
  const rows = item.buttons.map((line, r) => el("div", { class: "keys" }, ...line.map((key, c) => {
    if (key.url && webAddress(key.url)) {
      const opens = link(key.url, key.label, icon("open"));
      opens.className = "key";
      opens.setAttribute("data-testid", "button");
      return opens;
    }
    const press = () => actions.tap(item.n, r, c);
    return el("button", { type: "button", class: "key", "data-testid": "button", click: press }, key.label);
  })));
  return el("div", { class: "keyboard" }, ...rows);
}

function editor(phone, item, actions) {
  if (phone.kind !== "telegram" || item.who !== "user" || item.kind !== "text") return null;
  const start = () => actions.edit(item);
  return el("button", { type: "button", class: "edit", "aria-label": "Sửa tin này", title: "Sửa tin này",
    "data-testid": "edit", click: start }, icon("pen"));
}
