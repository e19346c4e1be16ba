"use strict";
// A link to a session opens it.
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) { target.open = true; target.scrollIntoView(); }
}
addEventListener("hashchange", openTarget);
openTarget();

// On paper everything is open.
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  for (const one of closed) one.open = true;
});
addEventListener("afterprint", () => { for (const one of closed) one.open = false; });

// A click on a timeline shows that moment in the film.
for (const timeline of document.querySelectorAll("[data-film]")) {
  const plot = timeline.querySelector(".plot");
  const film = timeline.parentElement.querySelector("video");
  const first = Number(timeline.dataset.first), last = Number(timeline.dataset.last);
  plot.addEventListener("click", (event) => {
    const area = plot.getBoundingClientRect();
    const share = (event.clientX - area.left) / area.width;
    const jump = () => { film.currentTime = first + share * (last - first) - Number(film.dataset.start); };
    if (film.readyState > 0) jump();
    else { film.addEventListener("loadedmetadata", jump, { once: true }); film.preload = "metadata"; film.load(); }
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });
}
