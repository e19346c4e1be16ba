"use strict";
const byId = (id) => document.getElementById(id);
const canvas = byId("picture"), pen = canvas.getContext("2d");
const FIRST_WAIT_MS = 500, LONGEST_WAIT_MS = 5000, SPEAK_EVERY_MS = 4000, GOING_AWAY = 1001;
let socket, state, next, wait = FIRST_WAIT_MS, asked = false, paused = false;
let drawn = 0, spokenAt = 0;
const cards = new Map();

function connect() {
  const scheme = location.protocol === "https:" ? "wss://" : "ws://";
  socket = new WebSocket(scheme + location.host + location.pathname.replace(/\/?$/, "/stream"));
  socket.binaryType = "blob";
  socket.onopen = () => { wait = FIRST_WAIT_MS; asked = false; setStatus("live"); ask(); };
  socket.onmessage = receive;
  socket.onclose = (event) => {
    if (event.code === GOING_AWAY) return setStatus("the session has ended", true);
    setStatus("connection lost, trying again", true);
    setTimeout(connect, wait);
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  };
}

// The page asks for each picture when it has drawn the last one. So a slow page or tunnel gets
// fewer pictures, each of them new, and nothing piles up anywhere.
function ask() {
  if (asked || paused || document.hidden || socket.readyState !== WebSocket.OPEN) return;
  asked = true;
  socket.send("next");
}

async function receive(event) {
  if (typeof event.data === "string") { next = JSON.parse(event.data); return; }
  try {
    if (paused) return; // it was under way when the button was pressed
    state = next;
    const picture = await createImageBitmap(event.data);
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      canvas.width = picture.width;
      canvas.height = picture.height;
      document.body.style.setProperty("--ratio", picture.width / picture.height);
    }
    pen.drawImage(picture, 0, 0);
    picture.close();
    showReadings();
    drawn += 1;
  } finally {
    asked = false;
    ask();
  }
}

function showReadings() {
  byId("notice").hidden = !state.notice;
  if (byId("notice").textContent !== state.notice) byId("notice").textContent = state.notice;
  const present = new Set(state.faces.map((face) => face.id));
  for (const [id, card] of cards) {
    if (!present.has(id)) { card.root.remove(); cards.delete(id); }
  }
  for (const face of state.faces) {
    const rows = face.bars.map((bar) => bar.label).join("\n");
    if (cards.get(face.id)?.rows !== rows) { cards.get(face.id)?.root.remove(); addCard(face, rows); }
    fillCard(cards.get(face.id), face);
  }
  showKeys(state.keys ?? []);
  byId("nobody").hidden = present.size > 0 || byId("keys").hidden === false;
  const words = state.faces.map((face) => `face ${face.id}: ${face.emotion}`).join(", ") || "no face";
  canvas.setAttribute("aria-label", `camera picture: ${words}`);
  const now = performance.now();
  if (byId("spoken").textContent !== words && now - spokenAt > SPEAK_EVERY_MS) {
    byId("spoken").textContent = words;
    spokenAt = now;
  }
}

// Of a guided session: what can be pressed.
function showKeys(keys) {
  const written = JSON.stringify(keys);
  if (byId("keys").dataset.written === written) return;
  byId("keys").dataset.written = written;
  byId("keys").hidden = keys.length === 0;
  byId("keys").replaceChildren(...keys.map(([key, text]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", () => {
      if (socket.readyState === WebSocket.OPEN) socket.send(`key ${key}`);
    });
    return button;
  }));
}

function addCard(face, rows) {
  const make = (name, parent, text) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    return parent.appendChild(element);
  };
  const root = make("article", byId("faces"));
  const heading = make("h2", root);
  const emotion = make("span", heading), number = make("small", heading, `face ${face.id}`);
  const list = make("dl", root);
  const bars = face.bars.map((bar) => {
    const name = make("dt", list, bar.label);
    const track = make("div", list);
    track.className = "track";
    track.setAttribute("aria-hidden", "true");
    const fill = make("i", track);
    fill.style.background = bar.color;
    return { name, fill, value: make("dd", list) };
  });
  cards.set(face.id, { root, rows, emotion, number, bars });
}

function fillCard(card, face) {
  const percent = (share) => `${Math.round(100 * share)} %`;
  card.emotion.textContent =
    face.unsure ? face.emotion : `${face.emotion}, ${percent(face.certainty)}`;
  face.bars.forEach((bar, index) => {
    const { name, fill, value } = card.bars[index];
    name.className = bar.label === face.emotion ? "best" : "";
    fill.style.width = `${100 * bar.probability}%`;
    value.textContent = percent(bar.probability);
  });
}

function setStatus(text, isLost = false) {
  document.body.classList.toggle("lost", isLost);
  if (byId("status").textContent !== text) byId("status").textContent = text;
}

byId("pause").addEventListener("click", () => {
  paused = !paused;
  byId("pause").setAttribute("aria-pressed", String(paused));
  if (socket.readyState === WebSocket.OPEN) setStatus(paused ? "paused" : "live");
  ask();
});
document.addEventListener("visibilitychange", ask);
setInterval(() => {
  byId("pause").title = `${drawn} pictures in the last second`;
  drawn = 0;
}, 1000);
connect();
