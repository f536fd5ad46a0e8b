// Text of a bubble as nodes: links made tappable, and of Telegram's HTML a small safe subset.

import { el } from "./dom.js";

const LINK = /https?:\/\/[^\s<>"“”]+/g;
const TRAILING = /[.,;:!?…)\]}'»]+$/;
const TAG = /<(\/?)([a-z-]+)((?:\s[^<>]*)?)>/gi;
const KEPT = {
  b: "b", strong: "b", i: "i", em: "i", u: "u", ins: "u", s: "s", strike: "s", del: "s",
  code: "code", pre: "pre", blockquote: "blockquote", a: "a", "tg-spoiler": "span",
};
const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'", nbsp: "\u00a0" };

/** A link that opens in a new tab and tells the other side nothing about this one. */
export function link(address, ...children) {
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** Whether an address may become a link at all. */
export function webAddress(address) {
  return /^https?:\/\/[^\s]+$/i.test(address);
}

/** `text` as nodes, web addresses as links. */
export function plain(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(LINK)) {
    const address = found[0].replace(TRAILING, "");
    nodes.push(text.slice(from, found.index), link(address, address));
    from = found.index + address.length;
  }
  nodes.push(text.slice(from));
  return nodes.filter((node) => node !== "");
}

function decoded(text) {
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]+);/gi, (whole, name) => {
    if (name[0] !== "#") return ENTITIES[name.toLowerCase()] ?? whole;
    const code = name[1].toLowerCase() === "x" ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function opened(name, attributes) {
  if (KEPT[name] !== "a") return el(KEPT[name]);
  const address = decoded(/href\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(attributes)?.slice(1).find(Boolean) ?? "");
  return webAddress(address) ? link(address) : el("span");
}

/** Telegram's HTML as nodes built one by one; an unknown tag is shown as it was written. */
export function formatted(html) {
  const root = document.createDocumentFragment();
  const stack = [{ name: "", node: root }];
  const top = () => stack[stack.length - 1];
  const say = (piece) => {
    const literal = stack.some(({ name }) => ["a", "code", "pre"].includes(name));
    top().node.append(...(literal ? [decoded(piece)] : plain(decoded(piece))));
  };
  let from = 0;
  for (const found of html.matchAll(TAG)) {
    const [whole, closing, written, attributes] = found;
    const name = written.toLowerCase();
    if (!Object.hasOwn(KEPT, name)) continue;
    say(html.slice(from, found.index));
    from = found.index + whole.length;
    if (closing && top().name === name) stack.pop();
    if (closing) continue;
    const node = opened(name, attributes);
    top().node.append(node);
    stack.push({ name, node });
  }
  say(html.slice(from));
  return [root];
}
