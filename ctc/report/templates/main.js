// What is shown is kept in the address (#configuration=..&metric=..&sequence=..), to be linked to.
const DATA = JSON.parse(byId("data").textContent);
const STATE = { configuration: null, metric: null, sequence: null, label: 0 };

function readAddress() {
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) {
    if (key in STATE && key !== "label") STATE[key] = value;
  }
}

function writeAddress() {
  const { configuration, metric, sequence } = STATE;
  history.replaceState(null, "", `#${new URLSearchParams({ configuration, metric, sequence })}`);
}

function chosen(names, name) {
  return names.includes(name) ? name : names[0];
}

function show() {
  const confs = DATA.configurations.map((c) => c.name);
  STATE.configuration = chosen(confs, STATE.configuration);
  const conf = DATA.configurations[confs.indexOf(STATE.configuration)];
  const metrics = conf.metrics.map((m) => m.name), sequences = conf.sequences.map(([name]) => name);
  STATE.metric = chosen(metrics, STATE.metric);
  STATE.sequence = chosen(sequences, STATE.sequence);
  options(byId("configuration"), confs, confs, STATE.configuration);
  options(byId("metric"), metrics, conf.metrics.map((m) => m.title), STATE.metric);
  options(byId("sequence"), sequences, sequences, STATE.sequence);
  const metricPlace = metrics.indexOf(STATE.metric);
  summary(conf, STATE.metric);
  curves(conf, metricPlace, (name) => {
    STATE.sequence = name;
    byId("sequence").value = name;
    showSequence(conf, metricPlace);
    byId("detail").scrollIntoView({ behavior: "smooth" });
  });
  times(conf);
  showSequence(conf, metricPlace);
}

function showSequence(conf, metricPlace) {
  const place = conf.sequences.findIndex(([name]) => name === STATE.sequence);
  byId("detail-name").textContent = STATE.sequence;
  const labels = conf.labels[conf.anchor];
  const tags = labels.map((_, k) => String(k));
  options(byId("label"), tags, labels, String(STATE.label));
  STATE.label = Number(byId("label").value || 0);
  detail(conf, place);
  bits(conf, place);
  byPicture(conf, metricPlace, place, STATE.label);
  viewer(conf, STATE.sequence);
  writeAddress();
}

for (const key of ["configuration", "metric", "sequence"]) {
  byId(key).addEventListener("change", (event) => { STATE[key] = event.target.value; show(); });
}
byId("label").addEventListener("change", (event) => {
  STATE.label = Number(event.target.value);
  show();
});
addEventListener("hashchange", () => { readAddress(); show(); });
byId("tally").textContent = DATA.tally;
readAddress();
show();
setFigures();
notes();
provenance();
