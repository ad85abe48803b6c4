// Rate-distortion charts per class and sequence, bytes by component, metric by picture.
function look(conf, card) {
  const [place, shape, dash] = conf.looks[card];
  return { colour: place < 0 ? "var(--c-anchor)" : `var(--c${place})`, shape, dash };
}

function legend(conf) {
  const at = clear(byId("legend"));
  for (const card of conf.cards) {
    const item = add(at, "li"), { colour, shape, dash } = look(conf, card);
    const svg = add(item, "svg", { viewBox: "0 0 34 14", "aria-hidden": "true" });
    add(svg, "line", { x1: 0, x2: 34, y1: 7, y2: 7, "stroke-dasharray": dash || "none",
      style: `stroke: ${colour}; stroke-width: 2` });
    marker(svg, shape, 17, 7, 4.2, colour);
    item.append(` ${DATA.cards[card].title}${card === conf.anchor ? " (anchor)" : ""}`);
  }
}

function pointText(metric, label, kbps, value) {
  const unit = metric.unit ? ` ${metric.unit}` : "";
  return `${label}: ${short(kbps)} kbit/s\n${metric.title} ${short(value)}${unit}`;
}

function sequenceSeries(conf, metricPlace, sequencePlace) {
  const metric = conf.metrics[metricPlace];
  return conf.cards.map((card) => {
    const points = [];
    conf.points[card][sequencePlace].forEach((point, k) => {
      const value = point.status === "done" ? point.values[metricPlace] : null;
      if (value === null || !point.kbps) return;
      points.push([point.kbps, value, pointText(metric, conf.labels[card][k], point.kbps, value)]);
    });
    points.sort((a, b) => a[0] - b[0]);
    return { name: DATA.cards[card].title, points, ...look(conf, card) };
  });
}

function classSeries(conf, metricPlace, members) {
  const metric = conf.metrics[metricPlace];
  return conf.cards.map((card) => {
    const points = [];
    conf.labels[card].forEach((label, k) => {
      const all = members.map((place) => conf.points[card][place][k]);
      const values = all.map((p) => (p.status === "done" && p.kbps ? p.values[metricPlace] : null));
      if (values.includes(null)) return;
      const kbps = all.reduce((sum, p) => sum + p.kbps, 0) / all.length;
      const value = values.reduce((sum, v) => sum + v, 0) / all.length;
      points.push([kbps, value, pointText(metric, `mean at ${label}`, kbps, value)]);
    });
    points.sort((a, b) => a[0] - b[0]);
    return { name: DATA.cards[card].title, points, ...look(conf, card) };
  });
}

function rdCard(parent, conf, metricPlace, heading, series, figures) {
  const metric = conf.metrics[metricPlace];
  chart(parent, { series, log: true, xTitle: "Rate (kbit/s)", yTitle: metric.axis,
    title: `${heading}, ${metric.title} against rate` });
  const list = add(parent, "ul");
  conf.tests.forEach((test, k) => {
    const item = add(list, "li", {}, `${DATA.cards[test.card].title}: `);
    figures[k](add(item, "span"));
  });
}

// Charts are drawn when they come near the screen: a campaign may have hundreds.
let watcher = null;
function lazily(parent, draw) {
  parent.draw = draw;
  if (!watcher) {
    watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting && entry.target.draw) { entry.target.draw(); entry.target.draw = null; }
      }
    }, { rootMargin: "600px" });
  }
  watcher.observe(parent);
}

function curves(conf, metricPlace, choose) {
  legend(conf);
  const classes = clear(byId("class-charts")), charts = clear(byId("charts"));
  conf.classes.forEach((name, k) => {
    const members = conf.sequences.flatMap(([, of], place) => (of === name ? [place] : []));
    const box = add(classes, "div", { class: "card" });
    add(box, "h3", {}, `Class ${name}, mean of ${members.length}`);
    const figures = conf.tests.map((test) => meanCell(test.means[metricPlace][k]));
    lazily(box, () => rdCard(box, conf, metricPlace, `Class ${name}`,
      classSeries(conf, metricPlace, members), figures));
  });
  conf.sequences.forEach(([name], place) => {
    const box = add(charts, "div", { class: "card", "data-sequence": name });
    const button = add(add(box, "h3"), "button", { type: "button" }, name);
    button.addEventListener("click", () => choose(name));
    const figures = conf.tests.map((test) => figure(test.figures[metricPlace][place]));
    lazily(box, () => rdCard(box, conf, metricPlace, name,
      sequenceSeries(conf, metricPlace, place), figures));
  });
}

function bits(conf, sequencePlace) {
  const at = clear(byId("bits")), names = conf.components;
  if (!names.length) { add(at, "p", { class: "hint" }, "No codec tells its components."); return; }
  const key = add(at, "p", { class: "key hint" });
  names.forEach((name, k) => {
    const item = add(key, "span", { style: "margin-right: 14px" });
    add(item, "i", { class: `s${k % 6}` });
    item.append(name);
  });
  const all = conf.cards.flatMap((card) => conf.points[card][sequencePlace]);
  const most = Math.max(1, ...all.map((p) => p.bytes || 0));
  for (const card of conf.cards) {
    conf.points[card][sequencePlace].forEach((point, k) => {
      if (point.bytes === null) return;
      const row = add(at, "div", { class: "bar" });
      add(row, "span", {}, `${card} ${conf.labels[card][k]}`);
      const track = add(row, "div", { class: "track" });
      const parts = point.components.length ? point.components : [];
      parts.forEach((bytes, part) => {
        if (!bytes) return;
        const width = `width: ${((100 * bytes) / most).toFixed(3)}%`;
        const piece = add(track, "i", { class: `s${part % 6}`, style: width });
        piece.title = `${names[part]}: ${bytes} bytes (${share(bytes / point.bytes)})`;
      });
      add(row, "b", {}, point.bytes.toLocaleString("en"));
    });
  }
}

function byPicture(conf, metricPlace, sequencePlace, labelPlace) {
  const at = clear(byId("pictures-plot")), metric = conf.metrics[metricPlace];
  if (!DATA.hasPictures) { add(at, "p", { class: "hint" }, DATA.picturesNote); return; }
  const series = conf.cards.map((card) => {
    const of = conf.pictures[card][sequencePlace][Math.min(labelPlace, conf.labels[card].length - 1)];
    const values = of ? of[metricPlace] : [];
    const points = values.flatMap((v, k) => (v === null ? [] : [[k, v, `picture ${k}: ${short(v)}`]]));
    return { name: DATA.cards[card].title, points, ...look(conf, card) };
  });
  chart(at, { series, log: false, marks: false, xTitle: "Picture", yTitle: metric.axis,
    title: `${metric.title} of each picture` });
}
