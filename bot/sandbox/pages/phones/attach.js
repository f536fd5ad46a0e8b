// What can be sent beside words: photo, voice, video, file, place, sticker. Samples need no file of one's own.

import { base64, sample } from "./api.js";
import { el, icon } from "./dom.js";
import { recordable, Recording } from "./recorder.js";
import { line, tile } from "./sheet.js";
import { seconds } from "./times.js";

const PHOTOS = [
  ["photo", "cot-dien.jpg", "Ảnh mẫu: cột điện nghiêng"],
  ["photo2", "sat-lo.jpg", "Ảnh mẫu: đường sạt lở"],
];

function kindOf(mime) {
  const first = mime.split("/", 1)[0];
  return { image: "image", audio: "voice", video: "video" }[first] ?? "file";
}

/** The sheets of one phone. `send(action)` does it; `caption()` takes the words being typed, if any. */
export class Attach {
  constructor(key, sheet, communes, { send, caption, fail }) {
    Object.assign(this, { key, sheet, communes, send, caption, fail });
  }

  id(name) {
    return `${name}-${this.key}`;
  }

  /** The grid of all of them. */
  open() {
    const video = () => this.sendSample("video", "nuoc-dang.mp4", "video/mp4");
    const samples = PHOTOS.map(([id, file, title]) => {
      const picture = el("img", { src: `static/samples/${file}`, alt: "", class: "face" });
      return tile(picture, title, this.id(`sample-${id}`), () => this.sendSample("image", file, "image/jpeg"));
    });
    this.sheet.open("Gửi kèm", el("div", { class: "grid" },
      ...samples,
      this.picker("camera", "Chọn ảnh trong máy", "pick-photo", "image/*"),
      tile("mic", "Lời nói mẫu", this.id("sample-voice"), () => this.sampleVoice()),
      tile("mic", "Ghi âm", this.id("record"), () => this.record()),
      tile("video", "Video mẫu", this.id("sample-video"), video),
      this.picker("file", "Chọn tệp trong máy", "pick-file", ""),
      tile("pin", "Ghim vị trí", this.id("location"), () => this.places()),
      tile("smile", "Nhãn dán", this.id("sticker"), () => this.done({ action: "sticker" })),
    ));
  }

  picker(picture, words, testid, accept) {
    const input = el("input", { type: "file", accept, tabindex: "-1", "aria-label": words, class: "hidden",
      "data-testid": this.id(testid.replace("pick-", "file-of-")) });
    input.addEventListener("change", () => input.files[0] && this.sendFile(input.files[0]));
    return el("div", { class: "pick" }, tile(picture, words, this.id(testid), () => input.click()), input);
  }

  /** Close the sheet and do it. */
  async done(action) {
    this.sheet.close();
    return this.send(action);
  }

  async sendFile(file) {
    const mime = file.type || "application/octet-stream";
    await this.sendBlob(kindOf(mime), file, mime, file.name);
  }

  async sendSample(kind, name, mime, more = {}) {
    try {
      await this.sendBlob(kind, await sample(name), mime, name, more);
    } catch (error) {
      this.fail(error);
    }
  }

  sampleVoice() {
    return this.sendSample("voice", "loi-noi.mp3", "audio/mpeg", { seconds: 4 });
  }

  async sendBlob(kind, blob, mime, name, more = {}) {
    const action = { action: kind, data: await base64(blob), mime, name, ...more };
    const text = kind === "image" || kind === "video" ? this.caption() : "";
    await this.done(text ? { ...action, text } : action);
  }

  /** The voice sheet: the ready-made clip, or one's own voice where the browser allows it. */
  voice() {
    const said = "“Cột điện ở bản A nghiêng lắm rồi…”";
    this.sheet.open("Gửi lời nói",
      line("play", "Lời nói mẫu", this.id("sample-voice"), () => this.sampleVoice(), said),
      line("mic", "Ghi âm lời mình", this.id("record"), () => this.record(), "Chỉ dùng trên máy này"));
  }

  async record() {
    if (!recordable()) return this.fail(new Error("Máy này không cho ghi âm. Hãy gửi lời nói mẫu."));
    const recording = new Recording();
    try {
      await recording.start();
    } catch {
      return this.fail(new Error("Chưa được phép dùng micrô. Hãy gửi lời nói mẫu."));
    }
    const length = el("b", { class: "timer" }, "0:00");
    const ticking = setInterval(() => (length.textContent = seconds(recording.seconds())), 250);
    const stop = async () => {
      const more = { seconds: Math.max(1, Math.round(recording.seconds())) };
      const blob = await recording.stop();
      await this.sendBlob("voice", blob, recording.mime, `loi-noi.${recording.extension}`, more);
    };
    this.sheet.open("Đang ghi âm", el("div", { class: "recording" }, el("span", { class: "dot" }), length,
      el("button", { type: "button", class: "main", "data-testid": this.id("stop-record"), click: stop },
        icon("send"), "Dừng và gửi")));
    this.sheet.onLeave(() => {
      clearInterval(ticking);
      recording.cancel();
    });
    return null;
  }

  /** Commune points to choose from, or a point of one's own. */
  places() {
    const known = this.communes.filter((one) => one.lat != null && one.lon != null);
    const pin = (lat, lon) => this.done({ action: "location", lat, lon });
    const lines = known.map((one) => {
      const where = `${one.lat.toFixed(4)}, ${one.lon.toFixed(4)}`;
      return line("pin", one.name, `place-${this.key}-${one.code}`, () => pin(one.lat, one.lon), where);
    });
    const number = (name, id) => el("label", {}, name, el("input", { inputmode: "decimal", autocomplete: "off",
      "data-testid": this.id(id) }));
    const lat = number("Vĩ độ", "lat");
    const lon = number("Kinh độ", "lon");
    const form = el("form", { class: "point", submit: (event) => {
      event.preventDefault();
      const [y, x] = [lat, lon].map((one) => Number(one.lastChild.value.trim().replace(",", ".") || NaN));
      const fine = Math.abs(y) <= 90 && Math.abs(x) <= 180;
      return fine ? pin(y, x) : this.fail(new Error("Vĩ độ từ -90 đến 90, kinh độ từ -180 đến 180."));
    } }, lat, lon, el("button", { class: "main", "data-testid": this.id("send-location") }, "Gửi"));
    this.sheet.open("Ghim vị trí", el("div", { class: "list" }, ...lines), form);
  }
}
