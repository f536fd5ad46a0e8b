// Talking to the server this page came from, and to nobody else.

async function told(answer) {
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(data.error || `Máy chủ trả lời ${answer.status}.`);
  return data;
}

/** What the page shows: phones, communes, links, credentials. */
export async function page() {
  return told(await fetch("page.json"));
}

/** Items of a chat after `after`, waiting up to `wait` seconds for one. */
export async function chat(key, after, wait, signal) {
  return told(await fetch(`phones/${encodeURIComponent(key)}/chat?after=${after}&wait=${wait}`, { signal }));
}

/** One thing the person does; answers `{n}`. */
export async function act(key, action) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(action);
  return told(await fetch(`phones/${encodeURIComponent(key)}/do`, { method: "POST", headers, body }));
}

/** Where this page gets a file of a chat from. */
export function fileAddress(key, url) {
  return `phones/${encodeURIComponent(key)}/files?u=${encodeURIComponent(url)}`;
}

/** A file's bytes in base64. */
export function base64(blob) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).split(",", 2)[1] ?? "");
    reader.onerror = () => failed(new Error("Không đọc được tệp này."));
    reader.readAsDataURL(blob);
  });
}

/** One of the ready-made samples, so that a newcomer needs no file. */
export async function sample(name) {
  const answer = await fetch(`static/samples/${name}`);
  if (!answer.ok) throw new Error("Không mở được tệp mẫu.");
  return answer.blob();
}
