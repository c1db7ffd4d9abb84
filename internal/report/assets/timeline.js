// The picture: a canvas that is drawn anew whenever something changes. Only
// what is in view is drawn, so that thousands of events stay fluid.

const scroller = document.getElementById('scroll'), canvas = document.getElementById('timeline'), overview = document.getElementById('overview');
const axisHeight = 26, endOfTime = Math.max(about.ended, 1), narrow = () => innerWidth < 900;
let gutter = 178;
const view = { from: 0, until: endOfTime * 1.01, selected: null, hover: null, matches: null, pins: new Set() };
let colours = {}, drawn = false;

const colourNames = ['--card', '--page', '--line', '--line-soft', '--text', '--soft', '--faint', '--accent', '--ok', '--failed', '--unknown', '--open', '--bad', '--storm', '--cut', '--slow', '--death', '--watch', '--user', '--work', '--shade', '--on-owner', '--sans', '--mono',
  ...Array.from({ length: ownerColours }, (_, i) => '--own-' + i)];
function readColours() {
  const style = getComputedStyle(document.documentElement);
  colours = {};
  for (const name of colourNames) colours[name] = style.getPropertyValue(name).trim();
}

// Asking the document for a width costs more than drawing a mark: once a frame will do.
let room = canvas.clientWidth;
const width = () => room - gutter - 14;
const x = t => gutter + (t - view.from) / (view.until - view.from) * width();
const timeAt = px => view.from + (px - gutter) / width() * (view.until - view.from);

function redraw() {
  if (drawn) return;
  drawn = true;
  requestAnimationFrame(() => { drawn = false; draw(); });
}

// fit makes a canvas as large as its place, in pixels of the screen.
function fit(c, height) {
  const ratio = window.devicePixelRatio || 1, w = Math.round(c.clientWidth * ratio), h = Math.round(height * ratio);
  if (c.width !== w || c.height !== h) { c.width = w; c.height = h; }
  const g = c.getContext('2d');
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, c.clientWidth, height);
  return g;
}

function draw() {
  gutter = narrow() ? 104 : 178;
  room = canvas.clientWidth;
  const height = scroller.clientHeight;
  canvas.style.height = height + 'px';
  document.getElementById('height').style.height = Math.max(0, arrange() + axisHeight - height) + 'px';
  const g = fit(canvas, height);
  const top = axisHeight - scroller.scrollTop;
  g.save();
  g.beginPath(); g.rect(0, axisHeight, room, height); g.clip();
  drawGrid(g, height);
  for (const lane of lanes) {
    const y = top + lane.top;
    if (lane.hidden || y > height || y + lane.height < axisHeight) continue;
    drawLane(g, lane, y);
  }
  drawVerticals(g, height);
  drawLinks(g, top);
  drawStory(g, top);
  drawPins(g, top);
  g.restore();
  drawAxis(g);
  drawOverview();
  placeViolation();
}

function drawLane(g, lane, y) {
  if (lane.kind === 'heading') {
    g.fillStyle = colours['--soft'];
    g.font = '600 10.5px ' + colours['--sans'];
    g.fillText(lane.label.toUpperCase(), 16, y + 17);
    return;
  }
  g.strokeStyle = colours['--line-soft'];
  g.beginPath(); g.moveTo(0, y + lane.height - .5); g.lineTo(room, y + lane.height - .5); g.stroke();
  g.save();
  g.beginPath(); g.rect(gutter, y, room - gutter, lane.height); g.clip();
  painters[lane.kind](g, lane, y);
  g.restore();
  const part = lane.part || lane.kind === 'object';
  g.fillStyle = colours[lane.part ? '--soft' : '--text'];
  g.font = (part ? '11px ' : '12px ') + colours['--sans'];
  const left = narrow() ? 6 : 16;
  g.fillText(elide(g, lane.label, gutter - left - 8), left, y + (lane.of ? 11 : Math.min(lane.height / 2 + 4, 20)));
  if (lane.of) {
    g.fillStyle = colours['--soft']; g.font = '10px ' + colours['--sans'];
    g.fillText(elide(g, 'of ' + lane.of, gutter - left - 18), left + 10, y + 22);
  }
}

// elide shortens a text in its middle: names that are long mostly differ at the end.
const elided = new Map();
function elide(g, text, most) {
  const key = g.font + '|' + most + '|' + text;
  if (elided.has(key)) return elided.get(key);
  let out = text;
  const signs = Array.from(text);
  for (let keep = signs.length - 1; keep > 2 && g.measureText(out).width > most; keep = Math.min(keep - 1, Math.ceil(keep * most / g.measureText(out).width)))
    out = signs.slice(0, Math.ceil(keep / 2)).join('') + '…' + signs.slice(signs.length - Math.floor(keep / 2)).join('');
  // A direction of its own: text from right to left does not reorder what is around it.
  out = '\u2068' + out + '\u2069';
  elided.set(key, out);
  return out;
}

const inView = t => t.until >= view.from && t.at <= view.until;
const dim = t => view.matches && !view.matches.has(t) ? .13 : 1;

function bar(g, t, y, height, colour, least) {
  const left = Math.max(x(t.at), gutter - 2), w = Math.max(Math.min(x(t.until), room) - left, least || 2);
  g.fillStyle = colour;
  g.fillRect(left, y, w, height);
  if (t === view.selected || t === view.hover) {
    g.strokeStyle = colours['--text']; g.lineWidth = t === view.selected ? 2 : 1;
    g.strokeRect(left - 1.5, y - 1.5, w + 3, height + 3);
    g.lineWidth = 1;
  }
  return w;
}

// sparse leaves out what would be drawn over what is there already: what begins at
// the same pixel in the same row and looks the same. place is a small whole number.
function sparse(list, place) {
  const last = [], out = [], scale = width() / (view.until - view.from);
  for (const t of list) {
    if (t.until < view.from || t.at > view.until) continue;
    const px = Math.round((t.at - view.from) * scale), where = 2 * place(t) + (view.matches && !view.matches.has(t) ? 1 : 0);
    if (last[where] === px && (t.until - t.at) * scale < 2 && t !== view.selected && t !== view.hover) continue;
    last[where] = px;
    out.push(t);
  }
  return out;
}
const outcomes = ['ok', 'failed', 'unknown', 'open'];

const steps = [1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 2e7, 5e7, 1e8, 2e8, 5e8, 1e9, 2e9, 5e9, 1e10, 15e9, 30e9, 60e9, 120e9, 300e9, 600e9, 1800e9, 3600e9];
function ticks() {
  const step = steps.find(s => s / (view.until - view.from) * width() > 80) || 7200e9, out = [];
  for (let t = Math.ceil(view.from / step) * step; t <= view.until; t += step) out.push(t);
  return out;
}
function drawGrid(g, height) {
  g.strokeStyle = colours['--line-soft'];
  for (const t of ticks()) { g.beginPath(); g.moveTo(x(t), axisHeight); g.lineTo(x(t), height); g.stroke(); }
}
function drawAxis(g) {
  g.fillStyle = colours['--card']; g.fillRect(0, 0, room, axisHeight);
  g.strokeStyle = colours['--line']; g.beginPath(); g.moveTo(0, axisHeight - .5); g.lineTo(room, axisHeight - .5); g.stroke();
  g.font = '10.5px ' + colours['--mono']; g.fillStyle = colours['--soft'];
  for (const t of ticks()) if (x(t) > gutter - 4) g.fillText(duration(t), x(t) + 4, 17);
  g.fillText(brief(view.until - view.from) + ' in view', narrow() ? 6 : 16, 17);
}

// The overview is drawn once for each width and theme; only its frame moves.
let overviewOf = '', overviewPicture = null;
function drawOverview() {
  const g = fit(overview, 44), w = overview.clientWidth - gutter - 14, px = t => gutter + t / endOfTime * w;
  const key = [overview.width, gutter, colours['--card']].join();
  if (key !== overviewOf) {
    overviewOf = key;
    drawWhole(g, px);
    overviewPicture = document.createElement('canvas');
    overviewPicture.width = overview.width; overviewPicture.height = overview.height;
    overviewPicture.getContext('2d').drawImage(overview, 0, 0);
  } else { g.save(); g.setTransform(1, 0, 0, 1, 0, 0); g.drawImage(overviewPicture, 0, 0); g.restore(); }
  const from = px(Math.max(view.from, 0)), wide = Math.max(3, px(Math.min(view.until, endOfTime)) - from);
  g.fillStyle = colours['--accent']; g.globalAlpha = .12; g.fillRect(from, 1, wide, 42); g.globalAlpha = 1;
  g.strokeStyle = colours['--accent']; g.strokeRect(from + .5, 1.5, wide, 41);
}
function drawWhole(g, px) {
  g.fillStyle = colours['--soft']; g.font = '10.5px ' + colours['--sans'];
  g.fillText((narrow() ? '' : 'whole run ') + duration(about.ended), narrow() ? 6 : 16, 26);
  for (const rule of data.faults) if (!rule.always) {
    g.fillStyle = colours[faultColour(rule)]; g.globalAlpha = .13;
    g.fillRect(px(rule.from), 4, Math.max(px(rule.until) - px(rule.from), 1), 36);
  }
  const buckets = new Map();
  for (const c of data.calls) if (!c.beside) { const b = Math.round(px(c.from)); buckets.set(b, (buckets.get(b) || 0) + 1); }
  const most = [...buckets.values()].reduce((a, b) => Math.max(a, b), 1);
  g.globalAlpha = .8; g.fillStyle = colours['--ok'];
  for (const [b, n] of buckets) { const h = 4 + 28 * Math.sqrt(n / most); g.fillRect(b, 40 - h, 1.2, h); }
  g.globalAlpha = 1;
  if (about.culprit) { g.fillStyle = colours['--bad']; g.fillRect(px(culpritAt) - 1, 2, 2, 40); }
}

function placeViolation() {
  const flagged = document.getElementById('violation');
  flagged.hidden = !about.culprit || culpritAt < view.from || culpritAt > view.until;
  flagged.style.left = Math.min(Math.max(x(culpritAt), gutter + 70), room - 90) + 'px';
}

// thingAt finds what is drawn at a point, the nearest first.
function thingAt(px, py) {
  if (py < axisHeight || px < gutter) return null;
  const y = py - axisHeight + scroller.scrollTop;
  const lane = lanes.find(l => !l.hidden && y >= l.top && y < l.top + l.height);
  if (!lane) return null;
  let best = null, bestDistance = 6;
  for (const t of lane.things) {
    if (!inView(t)) continue;
    const left = x(t.at), right = Math.max(x(t.until), left + 2);
    let d = px < left ? left - px : px > right ? px - right : 0;
    d += Math.abs(middle(lane, t) - (y - lane.top)) / 4;
    if (t.until > t.at && t.type !== 'call') d += 1.5;
    if (d < bestDistance) { best = t; bestDistance = d; }
  }
  return best;
}

// Views slide to where they are wanted; who asks for less motion gets none.
let sliding = 0;
function zoomTo(from, until, slide) {
  const span = Math.min(Math.max(until - from, 2000), endOfTime * 1.2);
  from = Math.min(Math.max((from + until) / 2 - span / 2, -endOfTime * .02), endOfTime * 1.02 - Math.min(span, endOfTime));
  const target = { from, until: from + span }, begin = { from: view.from, until: view.until }, started = performance.now();
  const run = ++sliding;
  keepAddress();
  if (!slide || matchMedia('(prefers-reduced-motion: reduce)').matches) { Object.assign(view, target); redraw(); return; }
  const frame = now => {
    if (run !== sliding) return;
    const k = Math.min(1, (now - started) / 260), ease = 1 - Math.pow(1 - k, 3);
    const ratio = Math.pow((target.until - target.from) / (begin.until - begin.from), ease);
    const s = (begin.until - begin.from) * ratio, a = (begin.from + begin.until) / 2, b = (target.from + target.until) / 2;
    const done = begin.until - begin.from === span ? ease : (1 - ratio) / (1 - span / (begin.until - begin.from));
    const centre = a + (b - a) * done;
    view.from = centre - s / 2; view.until = centre + s / 2;
    if (k === 1) { Object.assign(view, target); keepAddress(); }
    redraw();
    if (k < 1) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
function zoomBy(factor, at) {
  at = at === undefined ? (view.from + view.until) / 2 : at;
  zoomTo(at - (at - view.from) * factor, at + (view.until - at) * factor);
}
function moveBy(share) { const d = (view.until - view.from) * share; zoomTo(view.from + d, view.until + d); }
