"use strict";
// Draws the page's figures when they come into view, and all of them for print. Nothing here asks for anything outside the page.
const root = document.documentElement;
const style = name => getComputedStyle(root).getPropertyValue(name).trim();
const dark = matchMedia("(prefers-color-scheme: dark)");
const NAMES = 150;  // pixels that names beside the axis take
// plotly reads <b> and the like in text as markup: names of a study are shown as they stand
const text = value => String(value).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const each = (selector, act, within = document) => within.querySelectorAll(selector).forEach(act);

function theme() {
  const print = root.classList.contains("printing");
  return print ? {ink: "#1b1f24", soft: "#57606a", line: "#d0d7de", ground: "#ffffff", faint: "#cfe3f1", full: "#00507d"}
               : {ink: style("--ink"), soft: style("--soft"), line: style("--line"), ground: style("--ground"), faint: style("--faint"), full: style("--full")};
}

// a line as it is read on a dark ground: half way to white
function lit(colour) {
  const parts = [1, 3, 5].map(i => parseInt(colour.slice(i, i + 2), 16));
  return "#" + parts.map(part => Math.round(part + 0.4 * (255 - part)).toString(16).padStart(2, "0")).join("");
}

function styled(trace, looks) {
  const {colour: given, dash, size, shape, symbol, ...rest} = trace;
  const colour = given === "currentColor" ? looks.ink : given && dark.matches && !trace.stackgroup && trace.type !== "bar" && !root.classList.contains("printing") ? lit(given) : given;
  if (trace.type === "heatmap") {
    return {...rest, y: trace.y.map(text), text: trace.text.map(row => row.map(text)), zmin: 0, zmax: Math.max(...trace.z.flat()), xgap: 1, ygap: 3, showscale: false, hoverongaps: false,
      colorscale: [[0, looks.faint], [1, looks.full]], hovertemplate: "%{y}, %{x}: %{text}<extra></extra>"};
  }
  const made = {...rest, name: text(trace.name)};
  if (trace.text) made.text = trace.text.map(text);
  if (trace.orientation === "h") made.y = trace.y.map(text);
  if (trace.type === "bar") made.marker = {color: colour, line: {width: 0}};
  else {
    made.line = {color: trace.stackgroup ? looks.ground : colour, width: trace.stackgroup ? 0.6 : 2.25, dash: dash || "solid", shape: shape || "linear"};
    made.marker = {color: colour, size: size ? (size.length === 1 ? size[0] : size) : 6, opacity: size && size.length > 1 ? 0.75 : 1, symbol: symbol || "circle"};
    if (trace.stackgroup) made.fillcolor = colour;
    // a stack of one year, or a line of one point, is a dot
    if (trace.x && trace.x.length === 1) made.mode = "markers";
  }
  if (trace.text) made.hovertemplate = trace.type === "scatter" && typeof (trace.y || [])[0] === "string" ? "%{y}, %{x}: %{text}<extra></extra>" : "%{x}, %{y}<br>%{text}<extra>%{fullData.name}</extra>";
  return made;
}

// whole years (or points) at steps that people count in, as many as fit
function ticks(data, width) {
  const x = data[0].x, first = x[0], last = x[x.length - 1], step = [1, 2, 5, 10, 20, 50].find(s => (last - first) / s <= (width - 50) / 32) || 100;
  const at = [];
  for (let year = Math.ceil(first / step) * step; year <= last; year += step) at.push(year);
  return {tickmode: "array", tickvals: at.length ? at : [first]};
}

function layoutOf(figure, width, looks) {
  const own = figure.layout;
  const axis = {tickangle: 0, gridcolor: looks.line, linecolor: looks.soft, zerolinecolor: looks.soft, tickcolor: looks.soft, automargin: true, title: {standoff: 6}};
  const made = {
    width, height: figure.height, showlegend: false, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: false,
    font: {family: "system-ui, sans-serif", size: 12, color: looks.ink}, hovermode: own.hovermode || "x unified", barmode: own.barmode, bargap: 0.1,
    hoverlabel: {bgcolor: looks.ground, bordercolor: looks.line, font: {color: looks.ink, size: 12}},
    margin: {l: 44, r: 10, t: 8, b: 24},
    xaxis: {...axis, showgrid: false, nticks: Math.max(3, Math.floor(width / 70)), ...(own.free || own.barmode === "stack" ? {} : {tickformat: "d", hoverformat: "d", ...ticks(figure.data, own.names ? width - NAMES : width)}), ...own.xaxis},
    yaxis: {...axis, rangemode: "tozero", nticks: figure.height < 180 ? 4 : 6, separatethousands: true, hoverformat: ",.3~r", exponentformat: "none", ...own.yaxis},
  };
  if (figure.unit && !own.names) made.yaxis.title = {text: text(figure.unit), standoff: 6, font: {size: 11, color: looks.soft}};
  for (const name of ["xaxis", "yaxis"]) if (made[name].title.text) made[name].title = {standoff: 6, ...made[name].title, font: {size: 11, color: looks.soft}};
  if (own.names) made.yaxis.showgrid = true;
  if (own.free) { made.yaxis.rangemode = (own.yaxis || {}).rangemode || "normal"; }
  return made;
}

const options = {displayModeBar: false, responsive: false, scrollZoom: false, doubleClick: false, showAxisDragHandles: false};
const figures = new Map();  // element to how it is drawn
const drawn = new Set();

function draw(place) {
  if (!place.clientWidth) return;
  const made = figures.get(place)(place.clientWidth, theme());
  Plotly.react(place, made.data, made.layout, options);
  drawn.add(place);
}

const seen = new IntersectionObserver(entries => entries.forEach(entry => {
  if (entry.isIntersecting && !drawn.has(entry.target)) draw(entry.target);
}), {rootMargin: "400px"});

each(".chart", chart => {
  const figure = JSON.parse(chart.querySelector(".figure-data").textContent), place = chart.querySelector(".plot");
  figures.set(place, (width, looks) => ({data: figure.data.map(t => ({...styled(t, looks), visible: hidden(chart, t.name) ? "legendonly" : true})), layout: layoutOf(figure, width, looks)}));
  seen.observe(place);
});

function hidden(chart, name) {
  const keys = [...chart.querySelectorAll(".key"), ...(chart.closest(".set") ? chart.closest(".set").querySelectorAll(":scope > .keys .key") : [])];
  return keys.some(key => key.dataset.name === name && key.getAttribute("aria-pressed") === "false");
}

each(".key", key => key.addEventListener("click", () => {
  key.setAttribute("aria-pressed", key.getAttribute("aria-pressed") === "true" ? "false" : "true");
  const holder = key.closest(".chart") || key.closest(".set");
  (holder.matches(".chart") ? [holder] : holder.querySelectorAll(".chart")).forEach(chart => {
    const place = chart.querySelector(".plot");
    if (drawn.has(place)) draw(place);
  });
}));

// Sankeys: one trace, its values those of the year of the slider
const SMALLEST = 1e-4, LABELLED = 0.02, LOSS = "rgba(213,94,0,0.45)", FLOW = "rgba(130,140,150,0.38)";
each(".flows", holder => {
  const flow = JSON.parse(holder.querySelector(".flow-data").textContent), place = holder.querySelector(".stream");
  const slider = holder.querySelector(".year"), output = holder.querySelector("output");
  figures.set(place, (width, looks) => {
    const values = flow.values[slider.value], least = SMALLEST * Math.max(...values);
    const kept = flow.links.map((link, i) => [...link, values[i]]).filter(link => link[3] > 0 && link[3] >= least);
    const through = new Map();
    kept.forEach(link => link.slice(0, 2).forEach((n, side) => { const held = through.get(n) || [0, 0]; held[side] += link[3]; through.set(n, held); }));
    const size = n => Math.max(...through.get(n)), largest = Math.max(...[...through.keys()].map(size)), shown = n => flow.labelled[n] && size(n) >= LABELLED * largest;
    const used = [...new Set(kept.flatMap(link => [link[0], link[1]]))].sort((a, b) => a - b), at = new Map(used.map((n, i) => [n, i]));
    return {
      data: [{type: "sankey", arrangement: "snap", valueformat: ",.3~r", valuesuffix: " t/year", textfont: {color: looks.ink, size: 12, shadow: "auto"},
        node: {label: used.map(n => shown(n) ? text(flow.names[n]) : ""), customdata: used.map(n => text(flow.names[n])), color: used.map(n => flow.colours[n]), pad: 14, thickness: 12, line: {width: 0}, hovertemplate: "%{customdata}: %{value}<extra></extra>"},
        link: {source: kept.map(l => at.get(l[0])), target: kept.map(l => at.get(l[1])), value: kept.map(l => l[3]), color: kept.map(l => l[2] ? LOSS : FLOW),
          hovertemplate: "%{source.customdata} to %{target.customdata}: %{value}<extra></extra>"}}],
      layout: {width, height: place.clientHeight || 540, margin: {l: 4, r: 4, t: 6, b: 6}, paper_bgcolor: "rgba(0,0,0,0)", font: {family: "system-ui, sans-serif", size: 12, color: looks.ink}},
    };
  });
  const say = () => {
    output.textContent = flow.years[slider.value];
    slider.setAttribute("aria-valuetext", flow.years[slider.value]);
  };
  slider.addEventListener("input", () => { say(); if (drawn.has(place)) draw(place); });
  say();
  seen.observe(place);
});

// Tabs: buttons with arrow keys, made here, so that without scripts all panels show
let tabCount = 0;
each(".tabs", tabs => {
  const panels = [...tabs.querySelectorAll(":scope > .panel")];
  if (panels.length < 2) return;
  tabs.classList.add("live");
  const list = document.createElement("div");
  list.className = "tablist";
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", tabs.dataset.label);
  const buttons = panels.map(panel => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = panel.dataset.title;
    button.setAttribute("role", "tab");
    button.id = `tab-${++tabCount}`;
    panel.id = `panel-${tabCount}`;
    button.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", button.id);
    list.append(button);
    return button;
  });
  const choose = (i, focus) => {
    buttons.forEach((button, j) => {
      button.setAttribute("aria-selected", i === j);
      button.tabIndex = i === j ? 0 : -1;
      panels[j].hidden = i !== j;
    });
    if (focus) buttons[i].focus();
  };
  buttons.forEach((button, i) => {
    button.addEventListener("click", () => choose(i));
    button.addEventListener("keydown", event => {
      const to = {ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: buttons.length - 1}[event.key];
      if (to === undefined) return;
      event.preventDefault();
      choose((to + buttons.length) % buttons.length, true);
    });
  });
  tabs.prepend(list);
  choose(0);
});

// a link to a section from the contents, and which section is in view
const links = new Map([...document.querySelectorAll("nav a")].map(a => [a.hash.slice(1), a]));
const mark = new IntersectionObserver(entries => entries.forEach(entry => {
  if (!entry.isIntersecting) return;
  links.forEach(a => a.removeAttribute("aria-current"));
  const link = links.get(entry.target.id), list = link.closest("nav");
  link.setAttribute("aria-current", "true");
  if (list.scrollWidth > list.clientWidth) list.scrollTo({left: link.offsetLeft - 40});
}), {rootMargin: "-15% 0px -75% 0px"});
links.forEach((_, id) => mark.observe(document.getElementById(id)));

// inputs by part of a word
const seek = document.getElementById("seek");
if (seek) seek.addEventListener("input", () => {
  const word = seek.value.trim().toLowerCase();
  let count = 0;
  each("#inputs details.table", table => {
    let here = 0;
    each("tbody tr", row => { row.hidden = word !== "" && !row.textContent.toLowerCase().includes(word); here += !row.hidden; }, table);
    table.hidden = word !== "" && here === 0;
    if (word) { table.open = here > 0; count += here; }
  });
  document.getElementById("sought").textContent = word ? `${count} rows` : "";
});

// print: everything open, shown and drawn at the width of the paper, and put back after
let before = null;
function preparePrint() {
  if (before) return;
  before = {open: [...document.querySelectorAll("details")].filter(d => d.open), shut: [...document.querySelectorAll(".panel[hidden]")]};
  root.classList.add("printing");
  each("details", d => { d.open = true; });
  before.shut.forEach(panel => { panel.hidden = false; });
  figures.forEach((_, place) => draw(place));
}
function afterPrint() {
  if (!before) return;
  root.classList.remove("printing");
  each("details", d => { d.open = before.open.includes(d); });
  before.shut.forEach(panel => { panel.hidden = true; });
  before = null;
  redraw();
}
addEventListener("beforeprint", preparePrint);
addEventListener("afterprint", afterPrint);
matchMedia("print").addEventListener("change", event => event.matches ? preparePrint() : afterPrint());

function redraw() {
  drawn.forEach(place => place.clientWidth ? draw(place) : drawn.delete(place));
}
let waiting = 0, width = innerWidth;
addEventListener("resize", () => {
  // a phone resizes when its bars move: only the width matters
  if (before || innerWidth === width) return;
  width = innerWidth;
  clearTimeout(waiting);
  waiting = setTimeout(redraw, 150);
});
dark.addEventListener("change", () => { if (!before) redraw(); });
