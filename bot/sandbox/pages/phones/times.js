// Times as the phones of Viet Nam show them.

const ZONE = "Asia/Ho_Chi_Minh";
const CLOCK = new Intl.DateTimeFormat("vi-VN", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: ZONE });
const DAY = new Intl.DateTimeFormat("en-CA", { dateStyle: "short", timeZone: ZONE });
const LONG = new Intl.DateTimeFormat("vi-VN", { weekday: "long", day: "numeric", month: "numeric", timeZone: ZONE });

/** "09:05" */
export const clock = (ms) => CLOCK.format(ms);

/** The same text for two moments of one day, "2026-11-21". */
export const day = (ms) => DAY.format(ms);

/** "Hôm nay", "Hôm qua" or "Thứ Sáu, 21/11". */
export function dayTitle(ms, now = Date.now()) {
  if (day(ms) === day(now)) return "Hôm nay";
  if (day(ms) === day(now - 86_400_000)) return "Hôm qua";
  return LONG.format(ms);
}

/** "0:07" */
export function seconds(value) {
  const whole = Number.isFinite(value) ? Math.round(value) : 0;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
