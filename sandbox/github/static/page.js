// The pages work without this: it follows changes, ticks tasks in place and shows times in the reader's zone.
const busy = () => document.querySelector("details[open] textarea, details[open] input") ||
  [...document.querySelectorAll("textarea")].some((t) => t.value !== t.defaultValue) ||
  document.activeElement?.matches("input, select, textarea");

function dress() {
  for (const time of document.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    time.title = time.dateTime;
    time.textContent = at.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  }
  for (const text of document.querySelectorAll("[data-tick]")) {
    text.querySelectorAll("li > input[type=checkbox], li > p > input[type=checkbox]").forEach((box, task) => {
      box.disabled = false;
      box.ariaLabel = box.closest("li").textContent.trim();
      box.onchange = () => act(text.dataset.tick, { task, done: box.checked });
    });
  }
}

async function act(to, fields) {
  const answer = await fetch(to, { method: "POST", body: new URLSearchParams(fields), headers: { "X-Requested-With": "page" } });
  if (!answer.ok) alert(await answer.text());
  await refresh();
}

async function refresh() {
  const answer = await fetch(location.href.split("#")[0]);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of ["main", "nav.tabs"]) {
    const old = document.querySelector(part), now = fresh.querySelector(part);
    if (old && now) old.replaceWith(now);
  }
  document.title = fresh.title;
  dress();
}

document.querySelector(".as select").onchange = (e) => e.target.form.submit();
let seen;
new EventSource("/changes").onmessage = (e) => {
  if (seen !== undefined && seen !== e.data && !busy()) refresh();
  seen = e.data;
};
dress();
