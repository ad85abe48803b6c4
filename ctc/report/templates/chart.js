// Charts of curves: logarithmic or linear x, hover on the nearest point.
const BOX = { width: 440, height: 280, left: 54, right: 12, top: 10, bottom: 40 };

function ticks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((s) => s * power).find((s) => s >= rough * 0.85);
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high * (1 + 1e-12) + 1e-15; n++) {
    found.push(Number((n * step).toPrecision(12)));
  }
  return found;
}

function logTicks(low, high) {
  const found = [];
  for (let d = Math.floor(Math.log10(low)); d <= Math.log10(high); d++) {
    for (const s of [1, 2, 5]) { const v = s * 10 ** d; if (v >= low && v <= high) found.push(v); }
  }
  return found.length >= 3 ? found : ticks(low, high, 4);
}

function padded(values) {
  const low = Math.min(...values), high = Math.max(...values);
  const room = (high - low) * 0.06 || Math.abs(high) * 0.06 || 1e-6;
  return [low - room, high + room];
}

function marker(parent, shape, x, y, size, colour) {
  const style = { fill: colour, "data-x": x, "data-y": y };
  if (shape === "circle") return add(parent, "circle", { cx: x, cy: y, r: size, ...style });
  const corners = {
    square: [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
    diamond: [[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]],
    up: [[0, -1.2], [1.15, 0.9], [-1.15, 0.9]],
    down: [[0, 1.2], [1.15, -0.9], [-1.15, -0.9]],
  }[shape];
  const points = corners.map(([a, b]) => `${(x + a * size).toFixed(2)},${(y + b * size).toFixed(2)}`);
  return add(parent, "polygon", { points: points.join(" "), ...style });
}

// series: [{name, colour, shape, dash, points: [[x, y, text]]}]; log: logarithmic x.
function chart(parent, { series, xTitle, yTitle, log, marks = true, title }) {
  const all = series.flatMap((s) => s.points);
  if (!all.length) { add(parent, "p", { class: "hint" }, "No point can be shown."); return null; }
  const svg = add(parent, "svg", { viewBox: `0 0 ${BOX.width} ${BOX.height}`, role: "img" });
  add(svg, "title", {}, title);
  const scale = (v) => (log ? Math.log10(v) : v);
  const [x0, x1] = padded(all.map((p) => scale(p[0])));
  const [y0, y1] = padded(all.map((p) => p[1]));
  const right = BOX.width - BOX.right, bottom = BOX.height - BOX.bottom;
  const px = (v) => BOX.left + ((scale(v) - x0) / (x1 - x0)) * (right - BOX.left);
  const py = (v) => bottom - ((v - y0) / (y1 - y0)) * (bottom - BOX.top);
  axes(svg, { right, bottom, px, py, x: log ? logTicks(10 ** x0, 10 ** x1) : ticks(x0, x1, 6),
    y: ticks(y0, y1, 5), xTitle, yTitle });
  const placed = [];
  for (const one of series) {
    const at = one.points.map((p) => [px(p[0]), py(p[1]), p[2]]);
    if (at.length > 1) {
      const d = at.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" ");
      const width = marks ? 2 : 1.5;
      add(svg, "polyline", { points: d, class: "curve", "stroke-dasharray": one.dash || "none",
        style: `stroke: ${one.colour}; stroke-width: ${width}` });
    }
    for (const [x, y, text] of at) {
      if (marks) marker(svg, one.shape, x, y, 4.2, one.colour);
      placed.push([x, y, `${one.name}\n${text}`]);
    }
  }
  hover(svg, placed);
  return svg;
}

function axes(svg, { right, bottom, px, py, x, y, xTitle, yTitle }) {
  for (const v of x) {
    add(svg, "line", { class: "gridline", x1: px(v), x2: px(v), y1: BOX.top, y2: bottom });
    add(svg, "text", { x: px(v), y: bottom + 15, "text-anchor": "middle" }, short(v));
  }
  for (const v of y) {
    add(svg, "line", { class: "gridline", x1: BOX.left, x2: right, y1: py(v), y2: py(v) });
    add(svg, "text", { x: BOX.left - 6, y: py(v) + 4, "text-anchor": "end" }, short(v));
  }
  add(svg, "polyline", { class: "axis",
    points: `${BOX.left},${BOX.top} ${BOX.left},${bottom} ${right},${bottom}` });
  const middle = (BOX.top + bottom) / 2;
  add(svg, "text", { x: (BOX.left + right) / 2, y: bottom + 33, "text-anchor": "middle" }, xTitle);
  add(svg, "text", { x: 12, y: middle, "text-anchor": "middle",
    transform: `rotate(-90 12 ${middle})` }, yTitle);
}

function hover(svg, placed) {
  const ring = add(svg, "circle", { class: "near", r: 7, fill: "none", visibility: "hidden" });
  const move = (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * BOX.width;
    const y = ((event.clientY - box.top) / box.height) * BOX.height;
    let best = null, least = 40 ** 2;
    for (const point of placed) {
      const distance = (point[0] - x) ** 2 + (point[1] - y) ** 2;
      if (distance < least) { least = distance; best = point; }
    }
    ring.setAttribute("visibility", best ? "visible" : "hidden");
    if (best) { ring.setAttribute("cx", best[0]); ring.setAttribute("cy", best[1]); }
    tip(event, best ? best[2] : null);
  };
  svg.addEventListener("pointermove", move);
  svg.addEventListener("pointerdown", move);
  svg.addEventListener("pointerleave", (event) => {
    ring.setAttribute("visibility", "hidden");
    tip(event, null);
  });
}
