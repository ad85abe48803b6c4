// Decoded pictures side by side or in turn (flicker), at matched rate, with a common zoom.
const VIEW = { zoom: 1, x: 0, y: 0, flicker: false, shown: 0, timer: null, anchorPoint: 0 };

function viewer(conf, sequence) {
  const at = clear(byId("viewer"));
  const sets = DATA.pictureSets.filter((s) => s.configuration === conf.name && s.sequence === sequence);
  clearInterval(VIEW.timer);
  at.hidden = !sets.length && !DATA.viewerNote;
  if (DATA.viewerNote) add(at, "p", { class: "hint" }, DATA.viewerNote);
  if (!sets.length) return;
  const set = sets[0];
  const anchors = set.decoded.filter((p) => p.card === conf.anchor).sort((a, b) => a.kbps - b.kbps);
  VIEW.anchorPoint = Math.min(VIEW.anchorPoint, Math.max(0, anchors.length - 1));
  add(at, "h3", {}, `Decoded pictures at matched rate (picture ${set.picture})`);
  const tools = add(at, "div", { class: "tools" });
  const rate = add(add(tools, "label", {}, "Rate of the anchor "), "select");
  anchors.forEach((p, k) => add(rate, "option", { value: k }, `${p.label}: ${short(p.kbps)} kbit/s`));
  rate.value = VIEW.anchorPoint;
  const flicker = add(tools, "button", { type: "button", "aria-pressed": VIEW.flicker }, "Flicker");
  const zoom = add(add(tools, "label", {}, "Zoom "), "select");
  [1, 2, 4, 8].forEach((z) => add(zoom, "option", { value: z }, `${z}×`));
  zoom.value = VIEW.zoom;
  add(tools, "span", { class: "hint" }, "Drag a picture to move all of them.");
  const view = add(at, "div", { class: "view" });
  const redraw = () => panes(view, matched(conf, set, anchors));
  rate.addEventListener("change", () => { VIEW.anchorPoint = Number(rate.value); redraw(); });
  zoom.addEventListener("change", () => { VIEW.zoom = Number(zoom.value); VIEW.x = VIEW.y = 0; place(view); });
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
  const found = set.original ? [{ title: "Original", text: "", source: set.original }] : [];
  for (const card of conf.cards) {
    const of = set.decoded.filter((p) => p.card === card);
    if (!of.length) continue;
    const apart = (p) => (target ? Math.abs(Math.log(p.kbps / target)) : 0);
    const best = of.reduce((a, b) => (apart(b) < apart(a) ? b : a));
    const ratio = target && card !== conf.anchor ? `, ${percent(best.kbps / target - 1)} rate` : "";
    found.push({ title: DATA.cards[card].title, source: best.source,
      text: `${best.label}: ${short(best.kbps)} kbit/s${ratio}` });
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
    one.querySelector("span").textContent = ` ${p.text}`;
  };
  VIEW.timer = setInterval(step, 600);
  place(view);
}

function pane(view, picture) {
  const box = add(view, "div", { class: "pane" });
  const caption = add(box, "p", { class: "hint" });
  add(caption, "b", {}, picture.title);
  add(caption, "span", {}, ` ${picture.text}`);
  const frame = add(box, "div", { class: "frame" });
  add(frame, "img", { src: picture.source, alt: `${picture.title} ${picture.text}`, draggable: "false" });
  drag(view, frame);
  return box;
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
    frame.firstChild.style.transform = `translate(${VIEW.x}px, ${VIEW.y}px) scale(${VIEW.zoom})`;
  }
}
