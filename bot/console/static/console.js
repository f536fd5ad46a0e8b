// Counts under the form while an official writes: characters on the lock screen, words of an emergency.
"use strict";
const form = document.getElementById("announcement");
if (form) {
  const lock = document.getElementById("lock");
  const length = document.getElementById("length");
  const most = Number(form.dataset.lockScreen);
  const mostWords = Number(form.dataset.words);

  const count = () => {
    const chosen = form.querySelector("input[name=priority]:checked");
    const urgent = chosen.value === "emergency";
    const line = [...(chosen.dataset.mark + form.elements.title.value.trim())];
    const shown = line.slice(0, most).join("") + (line.length > most ? "…" : "");
    lock.textContent = `Màn hình khóa (${line.length}/${most} ký tự): ${shown}`;
    lock.classList.toggle("late", urgent && line.length > most);
    const words = form.elements.body.value.split(/\s+/).filter(Boolean).length;
    length.textContent = urgent ? `${words}/${mostWords} từ` : `${words} từ, ${[...form.elements.body.value].length} ký tự`;
    length.classList.toggle("late", urgent && words > mostWords);
  };
  form.addEventListener("input", count);
  count();
}
