// The server renders the page; this puts in what changed, and draws the plots from what it has seen since the page was opened.
"use strict";
const live = document.getElementById("live");
const lost = document.getElementById("lost");
const plots = document.getElementById("plots");
const most = 300; // points of a plot: five minutes
const series = { rate: [], commit: [], release: [] };
let before = null;
let counted = null;

function draw(name, value, text) {
  const points = series[name];
  points.push(value);
  if (points.length > most) points.shift();
  const top = Math.max(...points, 1e-9);
  const path = points.map((point, at) => `${at ? "L" : "M"}${(at * 100) / (most - 1)} ${38 - (point / top) * 34}`).join("");
  document.querySelector(`#${name} path`).setAttribute("d", path);
  document.querySelector(`#${name} figcaption span`).textContent = text;
}

function seen() {
  const ship = live.querySelector("[data-processed]");
  if (!ship) return;
  const now = { at: performance.now(), processed: Number(ship.dataset.processed) };
  if (before && now.at > before.at) {
    const rate = Math.max(0, ((now.processed - before.processed) * 1000) / (now.at - before.at));
    draw("rate", rate, `${rate.toFixed(rate < 10 ? 1 : 0)}/s`);
  }
  before = now;
}

// The buckets of one histogram of Prometheus' text format, all of its series together: upper bound in seconds, and how many were at most that.
function buckets(text, name) {
  const sums = new Map();
  for (const line of text.split("\n")) {
    const found = line.startsWith(`${name}_bucket{`) && /le="([^"]+)"\} (\S+)$/.exec(line);
    if (found) sums.set(found[1] === "+Inf" ? Infinity : Number(found[1]), (sums.get(Number(found[1])) || 0) + Number(found[2]));
  }
  return sums;
}

// The 99th percentile of what came between two looks, to the upper bound of its bucket; null where nothing came.
function slow(now, then) {
  const all = (now.get(Infinity) || 0) - (then.get(Infinity) || 0);
  if (all <= 0) return null;
  for (const [bound, count] of [...now].sort((a, b) => a[0] - b[0]))
    if (count - (then.get(bound) || 0) >= 0.99 * all) return bound;
  return null;
}

async function measure() {
  try {
    const answer = await fetch("metrics");
    if (!answer.ok) return;
    const text = await answer.text();
    const now = { commit: buckets(text, "seguro_commit_duration_seconds"), release: buckets(text, "seguro_release_duration_seconds") };
    for (const name of ["commit", "release"]) {
      const worst = counted && slow(now[name], counted[name]);
      if (worst) draw(name, worst, `≤ ${worst * 1000} ms`);
    }
    counted = now;
  } catch { /* the stream of events says that the member is away */ }
}

const source = new EventSource("events");
source.addEventListener("ship", event => {
  lost.classList.remove("shown");
  live.innerHTML = JSON.parse(event.data);
});
source.addEventListener("error", () => lost.classList.add("shown"));
plots.hidden = false;
setInterval(seen, 1000);
setInterval(measure, 5000);
measure();
