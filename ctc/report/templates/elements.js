// Small builders of HTML and SVG elements, and numbers as text.
const SVG = "http://www.w3.org/2000/svg";

function add(parent, tag, attributes = {}, text = null) {
  const svg = parent.namespaceURI === SVG || tag === "svg";
  const node = svg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  parent.appendChild(node);
  return node;
}

const byId = (id) => document.getElementById(id);
const clear = (node) => { node.replaceChildren(); return node; };
const percent = (x) => `${x > 0 ? "+" : x < 0 ? "−" : ""}${Math.abs(100 * x).toFixed(2)} %`;
const share = (x) => `${(100 * x).toFixed(0)} %`;
const short = (x) => Number(x.toPrecision(5)).toString();
const tone = (x) => (x < 0 ? "gain" : x > 0 ? "loss" : "");

function badge(parent, status, text) {
  return add(parent, "span", { class: `badge ${status}` }, text);
}

// One table; each cell is text, a number already printed, or a function that fills the cell.
function table(parent, heads, rows, left = 1) {
  const node = add(parent, "table");
  const head = add(add(node, "thead"), "tr");
  heads.forEach((text, k) => add(head, "th", { scope: "col", class: k < left ? "l" : "" }, text));
  const body = add(node, "tbody");
  for (const row of rows) {
    const line = add(body, "tr", { class: row.kind || "" });
    if (row.group) { add(line, "td", { colspan: heads.length }, row.group); continue; }
    (row.cells || row).forEach((cell, k) => {
      const at = add(line, "td", { class: k < left ? "l" : "" });
      if (typeof cell === "function") cell(at); else at.textContent = cell;
    });
  }
  return node;
}

// A BD figure: the number, or its status; doubtful ones carry a badge.
function figure([value, status, overlap, reason]) {
  return (at) => {
    if (value === null) { badge(at, status, status); }
    else {
      add(at, "span", { class: tone(value) }, percent(value));
      if (status !== "ok") badge(add(at, "small"), status, `overlap ${share(overlap)}`);
    }
    if (reason) at.title = reason;
  };
}

function options(select, names, titles, chosen) {
  clear(select);
  names.forEach((name, k) => add(select, "option", { value: name }, titles[k]));
  if (names.includes(chosen)) select.value = chosen;
}

function tip(event, text) {
  const box = byId("tip");
  box.hidden = text === null;
  if (text === null) return;
  box.textContent = text;
  const x = Math.min(event.clientX + 14, innerWidth - box.offsetWidth - 8);
  const below = event.clientY + 16 + box.offsetHeight < innerHeight;
  box.style.left = `${Math.max(8, x)}px`;
  box.style.top = `${below ? event.clientY + 16 : event.clientY - box.offsetHeight - 12}px`;
}
