// Tables of the page: summary, one sequence, run times, figures of the set, notes, provenance.
function summary(conf, metricName) {
  const at = clear(byId("summary-table"));
  const heads = ["Class", "N", ...conf.metrics.map((m) => m.title), "EncT", "DecT", "Success"];
  const rows = [];
  for (const test of conf.tests) {
    const group = `${DATA.cards[test.card].title} over ${DATA.cards[conf.anchor].title}`;
    rows.push({ group, kind: "group" });
    test.means[0].forEach((mean, k) => {
      const figures = test.means.map((of) => meanCell(of[k]));
      const times = [test.encode[k], test.decode[k]].map(timeCell);
      const last = k === test.means[0].length - 1;
      const cells = [mean.name, mean.total, ...figures, ...times, test.success[k]];
      rows.push({ cells, kind: last ? "overall" : "" });
    });
  }
  const node = table(at, heads, rows);
  conf.metrics.forEach((m, k) => {
    if (m.name === metricName) node.querySelectorAll("th")[k + 2].classList.add("on");
  });
  byId("summary-hint").textContent = DATA.hint;
}

function meanCell(mean) {
  return (at) => {
    if (mean.value === null) {
      badge(at, "withheld", `withheld: ${mean.count} of ${mean.total}`);
      at.title = mean.reason;
      return;
    }
    add(at, "span", { class: tone(mean.value) }, percent(mean.value));
    const below = [];
    if (mean.interval) below.push(mean.interval.map(percent).join(" … "));
    if (mean.low) badge(add(at, "small"), "low-overlap", `${mean.low} low overlap`);
    if (below.length) add(at, "small", {}, below.join(" "));
    at.title = mean.reason || mean.signature || "";
  };
}

function timeCell([value, reason]) {
  return (at) => {
    if (value === null) { badge(at, "none", "n/a"); at.title = reason; }
    else at.textContent = `${(100 * value).toFixed(1)} %`;
  };
}

function detail(conf, sequencePlace) {
  const at = clear(byId("detail-table"));
  const heads = ["Codec", "Point", "Status", "kbit/s", "bytes", ...conf.metrics.map((m) => m.title),
    "enc s", "dec s", "MiB"];
  const rows = [];
  for (const card of conf.cards) {
    rows.push({ group: DATA.cards[card].title, kind: "group" });
    const test = conf.tests.find((t) => t.card === card);
    if (test) {
      const figures = test.figures.map((of) => figure(of[sequencePlace]));
      rows.push({ cells: ["BD-rate", "", "", "", "", ...figures, "", "", ""], kind: "overall" });
    }
    conf.labels[card].forEach((label, k) => {
      const point = conf.points[card][sequencePlace][k];
      rows.push(pointRow(conf, label, point));
    });
  }
  table(at, heads, rows, 2);
}

function pointRow(conf, label, point) {
  const done = point.status === "done";
  const state = (at) => {
    badge(at, done ? "ok" : point.status, point.status);
    at.title = point.reason;
  };
  const number = (x, digits) => (x === null || x === undefined ? "" : x.toFixed(digits));
  const values = conf.metrics.map((m, k) => {
    const value = done ? point.values[k] : null;
    return value === null ? "" : value.toFixed(m.unit === "dB" ? 3 : 4);
  });
  const costs = [point.encode, point.decode];
  const memory = costs.map((c) => (c ? c[1] : 0)).reduce((a, b) => Math.max(a, b), 0);
  return ["", label, state, number(point.kbps, 2), point.bytes === null ? "" : point.bytes, ...values,
    ...costs.map((c) => (c ? number(c[0], 3) : "")), memory ? memory.toFixed(0) : ""];
}

function times(conf) {
  const at = clear(byId("times-table"));
  const heads = ["Codec", "kMAC/pixel", "parameters", "encode fps", "decode fps", "encode MiB",
    "decode MiB", "EncT ratio", "DecT ratio", "encode s", "decode s", "jobs beside", "machine"];
  const rows = conf.cards.map((name) => {
    const card = DATA.cards[name];
    const test = conf.tests.find((t) => t.card === name);
    const last = (of) => timeCell(of[of.length - 1]);
    const declared = (x) => (x === null ? (c) => badge(c, "none", "not declared") : String(x));
    const of = conf.times[name];
    const total = (x, digits) => (x === null ? "" : x.toFixed(digits));
    return [card.title, declared(card.kmac),
      declared(card.parameters === null ? null : card.parameters.toLocaleString("en")),
      total(of.encodeFps, 2), total(of.decodeFps, 2), total(of.encodeMemory, 0),
      total(of.decodeMemory, 0), test ? last(test.encode) : "anchor",
      test ? last(test.decode) : "anchor", total(of.encode, 1), total(of.decode, 1),
      of.jobs, of.machines];
  });
  table(at, heads, rows);
  byId("times-hint").textContent = "fps: pictures a second of wall time, start of the programs " +
    "included; MiB: largest peak of one run; s: sums over all points.";
}

function setFigures() {
  const found = DATA.setFigures;
  if (!found) return;
  byId("set-figures").hidden = false;
  byId("set-figures-hint").textContent = found.notes.join("; ");
  const node = table(clear(byId("set-figures-table")), found.heads, found.rows, 4);
  node.querySelectorAll("td:nth-child(5)").forEach((cell) => cell.classList.add("wrap"));
}

function notes() {
  const at = clear(byId("notes-table"));
  if (!DATA.notes.length) { add(at, "p", { class: "hint" }, "Every point is done; no value is absent."); return; }
  const heads = ["Configuration", "Sequence", "Card", "Point", "Figure", "Reason"];
  const node = table(at, heads, DATA.notes, 6);
  node.querySelectorAll("td:last-child").forEach((cell) => cell.classList.add("wrap"));
  if (DATA.notesLeftOut) {
    add(at, "p", { class: "hint" }, `${DATA.notesLeftOut} more stand in report.xlsx, sheet Notes.`);
  }
}

function provenance() {
  const rows = DATA.signatures.map(([kind, name, text]) => [kind, name,
    (at) => { at.classList.add("wrap"); add(at, "code", {}, text); }]);
  table(clear(byId("provenance-table")), ["Kind", "Name", "Signature"], rows, 3);
}
