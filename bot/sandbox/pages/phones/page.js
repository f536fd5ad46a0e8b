// The page: the bar on top, the tabs of a narrow screen, and the phones.

import { page } from "./api.js";
import { el, icon } from "./dom.js";
import { Phone } from "./phone.js";
import { webAddress } from "./richtext.js";

const TABS = { zalo_oa: "Zalo OA", zalo_bot: "Zalo Bot", telegram: "Telegram" };
const $ = (selector) => document.querySelector(selector);

function showLinks(links) {
  $(".links").append(...links.filter((one) => webAddress(one.url)).map((one) =>
    el("a", { href: one.url, target: "_blank", rel: "noopener", "data-testid": `link-${one.kind}` },
      one.title, icon("open"))));
}

function showCredentials(credentials) {
  if (!credentials.length) return;
  $(".signin").hidden = false;
  $(".signin .card").append(el("table", {},
    el("thead", {}, el("tr", {}, el("th", {}, "Ai"), el("th", {}, "Tên đăng nhập"), el("th", {}, "Mật khẩu"))),
    el("tbody", {}, ...credentials.map((one) => el("tr", { "data-testid": "credential" },
      el("td", {}, one.role), el("td", {}, el("code", {}, one.name)), el("td", {}, el("code", {}, one.password)))))),
  el("p", {}, "Chỉ dùng cho bản chạy thử này."));
}

function addTab(phone, view) {
  const badge = el("span", { class: "badge", hidden: true, "data-testid": `badge-${phone.key}` });
  const tab = el("button", { type: "button", "data-testid": `tab-${phone.key}`,
    click: () => view.node.scrollIntoView({ behavior: "smooth", inline: "center", block: "nearest" }) },
  TABS[phone.kind], badge);
  $(".tabs").append(tab);
  return {
    seen: (yes) => {
      tab.setAttribute("aria-current", String(yes));
      if (yes) badge.hidden = true;
    },
    count: () => {
      if (tab.getAttribute("aria-current") === "true") return;
      badge.textContent = String(badge.hidden ? 1 : Number(badge.textContent) + 1);
      badge.hidden = false;
    },
  };
}

function showPhones(config) {
  const tabs = new Map();
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) tabs.get(entry.target)?.seen(entry.intersectionRatio > 0.6);
  }, { root: $(".phones"), threshold: [0, 0.6, 1] });
  for (const phone of config.phones) {
    const view = new Phone(phone, config.communes, () => tabs.get(view.node).count());
    $(".phones").append(view.node);
    tabs.set(view.node, addTab(phone, view));
    watch.observe(view.node);
    view.run();
  }
}

async function begin() {
  if (window.matchMedia("(max-width: 760px), (max-height: 720px)").matches) $(".steps").open = false;
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".signin")) $(".signin").open = false;
  });
  try {
    const config = await page();
    showLinks(config.links);
    showCredentials(config.credentials);
    showPhones(config);
  } catch (error) {
    $(".alert").textContent = `Không mở được trang: ${error.message}`;
    $(".alert").hidden = false;
  }
}

begin();
