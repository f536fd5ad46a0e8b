// Building elements. Whatever people or the bot wrote goes in as text nodes, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes (functions become listeners, true/false/null switch) and children. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

// Strokes on a 24 × 24 field.
const PATHS = {
  back: "M15 5l-7 7 7 7",
  menu: "M5 7h14M5 12h14M5 17h14",
  dots: "M12 5v.01M12 12v.01M12 19v.01",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  qr: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 14h2M14 18v2M18 18h2v2h-2z",
  send: "M4 12 20 4l-4 16-4.5-6.5zM11.5 13.5 20 4",
  mic: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM6 11a6 6 0 0 0 12 0M12 17v4M9 21h6",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5v.01",
  camera: "M4 8h4l1.5-3h5L16 8h4v11H4zM12 10a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  clip: "M19 11l-7.5 7.5a4.5 4.5 0 0 1-6.4-6.4L13 4.3a3 3 0 0 1 4.3 4.3l-7.7 7.7a1.5 1.5 0 0 1-2.2-2.2L14 7.6",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 14.5q4 4 8 0M9 9.5v.01M15 9.5v.01",
  pin: "M12 21s7-6.5 7-11.5a7 7 0 0 0-14 0C5 14.5 12 21 12 21zM12 7a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  video: "M3 7h12v10H3zM15 11l6-3v8l-6-3",
  file: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  play: "M8 5v14l11-7z",
  pause: "M8 5v14M16 5v14",
  ticks: "M2 13l4 4 8-9M11 16l1.5 1.5L21 8",
  warn: "M12 4 2.5 20h19zM12 10v5M12 17.5v.01",
  close: "M6 6l12 12M18 6 6 18",
  pen: "M4 20l1-4L16 5l3 3L8 19z",
  stop: "M7 7h10v10H7z",
  open: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  signal: "M4 19v-3M9 19v-6M14 19V9M19 19V5",
  wifi: "M2.5 9.5a14 14 0 0 1 19 0M6 13.5a9 9 0 0 1 12 0M9.5 17a4 4 0 0 1 5 0M12 19.5v.01",
  battery: "M2 8h17v8H2zM22 11v2M4.5 10.5h9v3h-9z",
};

/** A drawn icon, hidden from screen readers: its button carries the name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A button that is only an icon; `name` is what it is called. */
export function iconButton(picture, name, testid, click, rest = {}) {
  const attributes = { type: "button", class: "ib", "aria-label": name, title: name, "data-testid": testid, click };
  return el("button", { ...attributes, ...rest }, icon(picture));
}
