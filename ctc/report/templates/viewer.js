// Decoded pictures at equal rate: side by side with their differences from the original, or in turn
// (flicker), with a common zoom.
const VIEW = { zoom: 1, x: 0, y: 0, flicker: false, shown: 0, timer: null, gain: 4, of: null };

function viewer(conf, sequence) {
  const at = clear(byId("viewer"));
  const sets = DATA.pictureSets.filter((s) => s.configuration === conf.name && s.sequence === sequence);
  clearInterval(VIEW.timer);
  at.hidden = !sets.length && !DATA.viewerNote;
  if (DATA.viewerNote) add(at, "p", { class: "hint" }, DATA.viewerNote);
  if (!sets.length) return;
  const set = sets[0];
  const anchors = set.decoded.filter((p) => p.card === conf.anchor).sort((a, b) => a.kbps - b.kbps);
  if (VIEW.of !== set) [VIEW.of, VIEW.anchorPoint] = [set, set.start];
  add(at, "h3", {}, `Pictures at equal rate, and their differences (picture ${set.picture})`);
  const tools = add(at, "div", { class: "tools" });
  const rate = add(add(tools, "label", {}, "Rate of the anchor "), "select");
  anchors.forEach((p, k) => add(rate, "option", { value: k }, `${p.label}: ${short(p.kbps)} kbit/s`));
  rate.value = VIEW.anchorPoint;
  const flicker = add(tools, "button", { type: "button", "aria-pressed": VIEW.flicker }, "Flicker");
  const zoom = add(add(tools, "label", {}, "Zoom "), "select");
  [1, 2, 4, 8].forEach((z) => add(zoom, "option", { value: z }, `${z}×`));
  zoom.value = VIEW.zoom;
  const gain = add(add(tools, "label", {}, "Differences "), "select");
  for (const g of set.original ? [0, 2, 4, 8, 16] : [0]) add(gain, "option", { value: g }, g ? `${g}×` : "none");
  gain.value = set.original ? VIEW.gain : 0;
  add(tools, "span", { class: "hint" }, "Drag a picture to move all of them.");
  const view = add(at, "div", { class: "view" });
  const redraw = () => panes(view, matched(conf, set, anchors));
  rate.addEventListener("change", () => { VIEW.anchorPoint = Number(rate.value); redraw(); });
  zoom.addEventListener("change", () => { VIEW.zoom = Number(zoom.value); VIEW.x = VIEW.y = 0; place(view); });
  gain.addEventListener("change", () => { VIEW.gain = Number(gain.value); redraw(); });
  flicker.addEventListener("click", () => {
    VIEW.flicker = !VIEW.flicker;
    flicker.setAttribute("aria-pressed", VIEW.flicker);
    redraw();
  });
  redraw();
}

// Of each codec the point nearest in rate (by ratio) to the anchor's; the original comes first.
function matched(conf, set, anchors) {
  const target = anchors.length ? anchors[VIEW.anchorPoint].kbps : null;
  const found = set.original ? [{ title: "Original", text: "", source: set.original, far: false }] : [];
  for (const card of conf.cards) {
    const of = set.decoded.filter((p) => p.card === card);
    if (!of.length) continue;
    const apart = (p) => (target ? Math.abs(Math.log(p.kbps / target)) : 0);
    const best = of.reduce((a, b) => (apart(b) < apart(a) ? b : a));
    const ratio = target && card !== conf.anchor ? best.kbps / target - 1 : null;
    const far = ratio !== null && Math.abs(ratio) > DATA.equal;
    const words = ratio === null ? ""
      : far ? `no equal rate: nearest is ${percent(ratio)}` : `equal rate (${percent(ratio)})`;
    found.push({ title: DATA.cards[card].title, source: best.source, original: set.original, far, words,
      text: `${best.label}: ${short(best.kbps)} kbit/s${card === conf.anchor ? ", the anchor" : ""}` });
  }
  return found;
}

function panes(view, pictures) {
  clear(view);
  clearInterval(VIEW.timer);
  if (!VIEW.flicker) { pictures.forEach((p) => pane(view, p)); place(view); return; }
  const one = pane(view, pictures[0]);
  const step = () => {
    VIEW.shown = (VIEW.shown + 1) % pictures.length;
    const p = pictures[VIEW.shown];
    one.querySelector("img").src = p.source;
    one.querySelector("b").textContent = p.title;
    one.querySelector("span").textContent = ` ${p.text} ${p.words || ""}`;
  };
  VIEW.timer = setInterval(step, 600);
  place(view);
}

function pane(view, picture) {
  const box = add(view, "div", { class: "pane" });
  const caption = add(box, "p", { class: "hint" });
  add(caption, "b", {}, picture.title);
  add(caption, "span", {}, ` ${picture.text} `);
  if (picture.words) badge(caption, picture.far ? "low-overlap" : "ok", picture.words);
  const frame = add(box, "div", { class: "frame" });
  add(frame, "img", { src: picture.source, alt: `${picture.title} ${picture.text}`, draggable: "false" });
  drag(view, frame);
  if (VIEW.gain && !VIEW.flicker) differences(view, box, picture);
  return box;
}

// Below a decoded picture what is wrong with it; below the original what is shown there.
function differences(view, box, picture) {
  const frame = add(box, "div", { class: "frame difference" });
  if (!picture.original) {
    add(frame, "p", { class: "hint" }, `Differences from the original, of each colour, ${VIEW.gain}×`);
    return;
  }
  const canvas = add(frame, "canvas", { role: "img", "aria-label": `Difference of ${picture.title}` });
  drag(view, frame);
  drawDifference(canvas, picture.original, picture.source, VIEW.gain);
}

async function drawDifference(canvas, first, second, gain) {
  const [a, b] = await Promise.all([first, second].map(samples));
  if (a.width !== b.width || a.height !== b.height) return;
  for (let k = 0; k < a.data.length; k += 1) {
    a.data[k] = k % 4 === 3 ? 255 : gain * Math.abs(a.data[k] - b.data[k]);
  }
  [canvas.width, canvas.height] = [a.width, a.height];
  canvas.getContext("2d").putImageData(a, 0, 0);
}

async function samples(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

function drag(view, frame) {
  let from = null;
  frame.addEventListener("pointerdown", (e) => {
    from = [e.clientX - VIEW.x, e.clientY - VIEW.y];
    frame.setPointerCapture(e.pointerId);
  });
  frame.addEventListener("pointermove", (e) => {
    if (!from) return;
    VIEW.x = e.clientX - from[0];
    VIEW.y = e.clientY - from[1];
    place(view);
  });
  for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, () => { from = null; });
}

function place(view) {
  for (const frame of view.querySelectorAll(".frame")) {
    const most = frame.clientWidth * (1 - VIEW.zoom), low = frame.clientHeight * (1 - VIEW.zoom);
    VIEW.x = Math.min(0, Math.max(most, VIEW.x));
    VIEW.y = Math.min(0, Math.max(low, VIEW.y));
    if (!frame.querySelector("p")) frame.firstChild.style.transform = `translate(${VIEW.x}px, ${VIEW.y}px) scale(${VIEW.zoom})`;
  }
}
