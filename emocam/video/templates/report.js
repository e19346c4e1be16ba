"use strict";
// Timelines: hover and arrow keys give the values at a moment, a click jumps the film there.
(() => {
  const film = document.querySelector(".film video");
  const filmStart = film ? Number(film.dataset.start) : 0;
  const timelines = [];

  function clock(seconds) {
    const tenths = Math.round(seconds * 10);
    const minutes = Math.floor(tenths / 600);
    const rest = tenths % 600;
    const two = (n) => String(Math.floor(n)).padStart(2, "0");
    if (minutes < 60) return `${minutes}:${two(rest / 10)}.${rest % 10}`;
    return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(rest / 10)}`;
  }

  function jump(seconds) {
    if (film) film.currentTime = Math.max(0, seconds - filmStart);
  }

  function nearest(times, seconds) {
    let low = 0;
    let high = times.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle] < seconds) low = middle + 1;
      else high = middle;
    }
    return low > 0 && seconds - times[low - 1] < times[low] - seconds ? low - 1 : low;
  }

  function setUp(box) {
    const data = JSON.parse(box.querySelector("script").textContent);
    const plot = box.querySelector(".plot");
    const cursor = box.querySelector(".cursor");
    const outputs = [...box.querySelectorAll("output")];
    const means = outputs.map((output) => output.textContent);
    let at = data.begin;

    function show(seconds) {
      at = Math.min(data.end, Math.max(data.begin, seconds));
      const index = nearest(data.times, at);
      const here = Math.abs(data.times[index] - at) <= data.reach;
      const said = [];
      outputs.forEach((output, row) => {
        const value = data.values[index][row];
        output.textContent = here ? `${value}%` : "–";
        if (value >= 1) said.push([value, `${data.labels[row]} ${value}%`]);
      });
      said.sort((a, b) => b[0] - a[0]);
      const words = here ? said.map((one) => one[1]).join(", ") : "no face";
      cursor.hidden = false;
      cursor.style.left = `${(100 * (at - data.begin)) / (data.end - data.begin)}%`;
      cursor.dataset.time = clock(at);
      plot.setAttribute("aria-valuenow", at.toFixed(1));
      plot.setAttribute("aria-valuetext", `${clock(at)}: ${words}`);
      box.classList.add("live");
    }

    function rest() {
      if (film && (film.currentTime > 0 || !film.paused)) {
        show(film.currentTime + filmStart);
        return;
      }
      cursor.hidden = true;
      box.classList.remove("live");
      outputs.forEach((output, row) => { output.textContent = means[row]; });
    }

    function secondsOf(event) {
      const edges = plot.getBoundingClientRect();
      return data.begin + ((event.clientX - edges.left) / edges.width) * (data.end - data.begin);
    }

    plot.addEventListener("pointermove", (event) => show(secondsOf(event)));
    plot.addEventListener("pointerleave", rest);
    plot.addEventListener("click", (event) => { show(secondsOf(event)); jump(at); });
    plot.addEventListener("blur", rest);
    plot.addEventListener("keydown", (event) => {
      const step = Math.max(data.bin, (data.end - data.begin) / 200) * (event.shiftKey ? 10 : 1);
      const to = {
        ArrowLeft: at - step, ArrowDown: at - step, ArrowRight: at + step, ArrowUp: at + step,
        PageDown: at - 10 * step, PageUp: at + 10 * step, Home: data.begin, End: data.end,
      }[event.key];
      if (to !== undefined) show(to);
      else if (event.key === "Enter" || event.key === " ") jump(at);
      else return;
      event.preventDefault();
    });
    timelines.push({ plot, show });
  }

  document.querySelectorAll(".timeline").forEach(setUp);
  document.querySelectorAll(".hint").forEach((hint) => { hint.hidden = false; });
  document.querySelectorAll("[data-jump]").forEach((button) => {
    button.addEventListener("click", () => jump(Number(button.dataset.jump)));
  });
  if (film) {
    film.addEventListener("timeupdate", () => {
      timelines.forEach(({ plot, show }) => {
        if (!plot.matches(":hover")) show(film.currentTime + filmStart);
      });
    });
  }
})();
