// The account's own sheets: a commune's link or QR code, and following, leaving, blocking.

import { el, icon } from "./dom.js";
import { line } from "./sheet.js";

const FEW = 8; // more communes than this get a box to narrow them down

const FOLLOW = ["follow", "Quan tâm", "smile"];
const UNFOLLOW = ["unfollow", "Bỏ quan tâm", "close"];
const BLOCK = ["block", "Chặn", "stop"];
const UNBLOCK = ["unblock", "Bỏ chặn", "play"];
const WITHDRAW = ["withdraw", "Rút lại đồng ý cho dùng dữ liệu", "warn"];
const MENUS = {
  zalo_oa: [FOLLOW, UNFOLLOW, BLOCK, UNBLOCK, WITHDRAW],
  zalo_bot: [BLOCK, UNBLOCK],
  telegram: [["block", "Dừng và chặn bot", "stop"], ["unblock", "Bỏ chặn bot", "play"]],
};

/** Telegram opens a link with its payload; on Zalo the payload is sent as words. */
export function opening(kind, payload) {
  return kind === "telegram" ? { action: "start", payload } : { action: "text", text: `#${payload}` };
}

/** Point the camera at a commune's poster: the posters to choose from. */
export function scan(phone, sheet, communes, send) {
  const lines = communes.map((one) => {
    const go = () => {
      sheet.close();
      send(opening(phone.kind, one.payload));
    };
    return line("qr", one.name, `commune-${phone.key}-${one.payload}`, go, one.payload);
  });
  const list = el("div", { class: "list" }, ...lines);
  const camera = el("div", { class: "camera", "aria-hidden": "true" }, el("i"), icon("qr"));
  const filter = communes.length > FEW ? narrowing(lines, communes) : null;
  const hint = el("p", { class: "hint" }, "Chọn tờ có mã để quét:");
  sheet.open("Quét mã QR của xã", camera, hint, ...[filter, list].filter(Boolean));
}

function narrowing(lines, communes) {
  const bare = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();
  const name = "Tìm tên xã";
  const input = el("input", { type: "search", placeholder: name, "aria-label": name, class: "narrow" });
  input.addEventListener("input", () => {
    const asked = bare(input.value);
    communes.forEach((one, i) => (lines[i].hidden = !bare(one.name).includes(asked)));
  });
  return input;
}

/** Following, leaving, blocking, and taking one's consent back. */
export function menu(phone, sheet, send, scanning) {
  const lines = MENUS[phone.kind].map(([action, words, picture]) => {
    const go = () => {
      sheet.close();
      send({ action });
    };
    return line(picture, words, `do-${phone.key}-${action}`, go);
  });
  sheet.open(phone.title, line("qr", "Quét mã QR của xã", `menu-qr-${phone.key}`, scanning), ...lines);
}
