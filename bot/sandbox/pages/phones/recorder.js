// Recording one's own voice, where the browser has a microphone and lets the page use it.

const FORMS = [
  ["audio/ogg;codecs=opus", "ogg"],
  ["audio/mp4", "m4a"],
  ["audio/webm;codecs=opus", "webm"],
];

/** Whether recording can be offered at all. */
export function recordable() {
  return Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);
}

/** One recording: start, then stop (gives the sound) or cancel. */
export class Recording {
  async start() {
    const [type, extension] = FORMS.find(([form]) => MediaRecorder.isTypeSupported(form)) ?? ["", "webm"];
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    this.recorder = new MediaRecorder(this.stream, type ? { mimeType: type } : {});
    this.mime = (this.recorder.mimeType || type || "audio/webm").split(";", 1)[0];
    this.extension = extension;
    this.pieces = [];
    this.recorder.addEventListener("dataavailable", (event) => this.pieces.push(event.data));
    this.began = performance.now();
    this.recorder.start();
  }

  seconds() {
    return (performance.now() - this.began) / 1000;
  }

  stop() {
    return new Promise((done) => {
      this.recorder.addEventListener("stop", () => done(new Blob(this.pieces, { type: this.mime })));
      this.recorder.stop();
      this.release();
    });
  }

  cancel() {
    if (this.recorder.state !== "inactive") this.recorder.stop();
    this.release();
  }

  release() {
    this.stream.getTracks().forEach((track) => track.stop());
  }
}
