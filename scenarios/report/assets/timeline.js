// The picture: a canvas that is drawn anew whenever something changes. Only
// what is in view is drawn, so that thousands of events stay fluid.

const scroller = document.getElementById('scroll'), canvas = document.getElementById('timeline'), overview = document.getElementById('overview');
const gutter = 178, axisHeight = 26, endOfTime = Math.max(about.ended, 1);
const view = { from: 0, until: endOfTime * 1.01, selected: null, hover: null, matches: null };
let colours = {}, drawn = false;

function readColours() {
  const style = getComputedStyle(document.documentElement);
  colours = {};
  for (const name of ['--card', '--page', '--line', '--line-soft', '--text', '--soft', '--faint', '--accent', '--ok', '--failed', '--unknown', '--open', '--bad', '--storm', '--cut', '--slow', '--death', '--watch', '--shade', '--sans', '--mono'])
    colours[name] = style.getPropertyValue(name).trim();
}

const width = () => canvas.clientWidth - gutter - 14;
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
  const height = scroller.clientHeight;
  canvas.style.height = height + 'px';
  document.getElementById('height').style.height = Math.max(0, arrange() + axisHeight - height) + 'px';
  const g = fit(canvas, height);
  const top = axisHeight - scroller.scrollTop;
  g.save();
  g.beginPath(); g.rect(0, axisHeight, canvas.clientWidth, height); g.clip();
  drawGrid(g, height);
  for (const lane of lanes) {
    const y = top + lane.top;
    if (lane.hidden || y > height || y + lane.height < axisHeight) continue;
    drawLane(g, lane, y);
  }
  drawVerticals(g, height);
  drawCauses(g, top);
  g.restore();
  drawAxis(g);
  drawOverview();
  placeViolation();
}

function drawLane(g, lane, y) {
  if (lane.kind === 'heading') {
    g.fillStyle = colours['--faint'];
    g.font = '600 10.5px ' + colours['--sans'];
    g.fillText(lane.label.toUpperCase(), 16, y + 17);
    return;
  }
  g.strokeStyle = colours['--line-soft'];
  g.beginPath(); g.moveTo(0, y + lane.height - .5); g.lineTo(canvas.clientWidth, y + lane.height - .5); g.stroke();
  g.save();
  g.beginPath(); g.rect(gutter, y, canvas.clientWidth - gutter, lane.height); g.clip();
  painters[lane.kind](g, lane, y);
  g.restore();
  g.fillStyle = colours['--text'];
  g.font = (lane.kind === 'object' ? '11px ' : '12px ') + colours['--sans'];
  g.fillText(ellipsis(g, lane.label, gutter - 28), 16, y + Math.min(lane.height / 2 + 4, 20));
}

function ellipsis(g, text, most) {
  if (g.measureText(text).width <= most) return text;
  while (text.length > 1 && g.measureText(text + '…').width > most) text = text.slice(0, -1);
  return text + '…';
}

const inView = t => t.until >= view.from && t.at <= view.until;
const dim = t => view.matches && !view.matches.has(t) ? .13 : 1;

function bar(g, t, y, height, colour, least) {
  const left = Math.max(x(t.at), gutter - 2), w = Math.max(Math.min(x(t.until), canvas.clientWidth) - left, least || 2);
  g.fillStyle = colour;
  g.fillRect(left, y, w, height);
  if (t === view.selected || t === view.hover) {
    g.strokeStyle = colours['--text']; g.lineWidth = t === view.selected ? 2 : 1;
    g.strokeRect(left - 1.5, y - 1.5, w + 3, height + 3);
    g.lineWidth = 1;
  }
  return w;
}

const painters = {
  weather(g, lane, y) {
    const colour = colours[weatherColour(lane.rule)];
    g.globalAlpha = .28 * dim(lane.window);
    bar(g, lane.window, y + 4, 10, colour, 3);
    for (const t of lane.hits) if (inView(t)) { g.globalAlpha = dim(t); bar(g, t, y + 3, 12, colour, 2); }
    g.globalAlpha = 1;
    if (view.hover === lane.window || view.selected === lane.window || lane.hits.includes(view.selected)) outline(g, lane.window, y + 4, 10);
    g.font = '10.5px ' + colours['--sans']; g.fillStyle = colours['--soft'];
    const text = [lane.rule.kind, lane.rule.text].filter(Boolean).join(' · ');
    const left = Math.max(x(lane.window.at), gutter), right = Math.max(x(lane.window.until), left + 3), wide = g.measureText(text).width + 12;
    // Inside its bar when there is room and nothing struck; otherwise beside it.
    const inside = right - left > wide && !lane.hits.some(inView);
    const at = inside ? left + 6 : right + wide < canvas.clientWidth ? right + 6 : left > gutter + wide ? left - wide + 6 : left + 6;
    if (at > gutter || inside) g.fillText(ellipsis(g, text, Math.max(60, canvas.clientWidth - at - 12)), at, y + 13);
  },
  actor(g, lane, y) {
    shade(g, lane.actor, y, lane.height);
    for (const life of lane.actor.lives || []) {
      const left = Math.max(x(life.from), gutter), right = Math.min(x(life.until), canvas.clientWidth);
      if (right < left) continue;
      g.fillStyle = colours['--text']; g.globalAlpha = .035;
      g.fillRect(left, y + 2, right - left, lane.height - 5);
      g.globalAlpha = 1;
    }
    const last = []; // by row: what would be drawn over what is there already is left out
    for (const t of lane.calls) {
      if (!inView(t)) continue;
      const spot = Math.round(x(t.at)) + t.call.outcome + !!t.call.faults + dim(t);
      if (last[t.row] === spot && x(t.until) - x(t.at) < 2 && t !== view.selected && t !== view.hover) continue;
      last[t.row] = spot;
      g.globalAlpha = dim(t);
      const w = bar(g, t, y + 6 + t.row * rowHeight, rowHeight - 3, colours['--' + t.call.outcome] || colours['--open']);
      if (t.call.faults) { g.fillStyle = colours['--death']; g.fillRect(Math.max(x(t.at), gutter), y + 4 + t.row * rowHeight, Math.max(w, 3), 2); }
      if (w > 70) { g.fillStyle = colours['--card']; g.font = '9px ' + colours['--sans']; g.fillText(ellipsis(g, `${t.call.verb} ${t.call.resource} ${t.call.object || ''}`, w - 6), Math.max(x(t.at), gutter) + 3, y + 13 + t.row * rowHeight - (rowHeight - 8) / 2); }
    }
    const base = y + 8 + lane.rows * rowHeight;
    for (const t of lane.watches) if (inView(t)) { g.globalAlpha = .55 * dim(t); bar(g, t, base + t.row * 5 + 1, 1.5, colours['--open']); }
    for (const t of lane.frames) {
      if (!inView(t)) continue;
      g.globalAlpha = dim(t);
      g.fillStyle = t === view.selected ? colours['--text'] : colours['--accent'];
      g.beginPath(); g.arc(x(t.at), base + t.row * 5 + 1.5, t === view.selected || t === view.hover ? 4 : 1.8, 0, 7); g.fill();
    }
    g.globalAlpha = 1;
    for (const t of lane.lives) if (inView(t)) lifeMark(g, t, y, lane.height);
  },
  server(g, lane, y) {
    shadeServer(g, lane, y);
    for (const t of lane.commits) {
      if (!inView(t)) continue;
      g.globalAlpha = dim(t);
      const by = t.commit.actor ? (t.call && data.actors.find(a => a.name === t.call.actor && a.user) ? '--slow' : '--ok') : '--open';
      bar(g, t, y + 5, 12, about.culprit && t.seq === about.culprit.seq ? colours['--bad'] : colours[by]);
    }
    for (const t of lane.arrivals) if (inView(t)) { g.globalAlpha = .75 * dim(t); bar(g, t, y + 21, 6, colours['--' + t.call.outcome] || colours['--open'], 1.2); }
    g.globalAlpha = 1;
  },
  owner(g, lane, y) {
    for (const e of lane.owner.exported || []) {
      const left = Math.max(x(e.from), gutter - 2), w = Math.min(x(e.until), canvas.clientWidth + 2) - left;
      g.strokeStyle = colours['--faint']; g.fillStyle = colours['--line-soft'];
      g.beginPath(); g.roundRect(left, y + 3.5, Math.max(w, 2), 22, 5); g.fill(); g.setLineDash([3, 3]); g.stroke(); g.setLineDash([]);
    }
    for (const t of lane.holds) {
      if (!inView(t)) continue;
      g.globalAlpha = dim(t);
      const place = { claim: [5, 3], 'internal Service': [21, 3] }[t.hold.via] || [9, 11];
      const w = bar(g, t, y + place[0], place[1], ipColour(t.hold.ip));
      if (place[1] > 5 && w > 60) { g.fillStyle = '#fff'; g.font = '600 10px ' + colours['--mono']; g.fillText(ellipsis(g, t.hold.ip, w - 8), Math.max(x(t.at), gutter) + 5, y + 18); }
    }
    g.globalAlpha = 1;
    for (const c of lane.clashes) {
      g.strokeStyle = colours['--bad']; g.lineWidth = 2;
      g.strokeRect(x(c.from), y + 3, Math.max(x(c.until) - x(c.from), 3), 23);
      g.lineWidth = 1;
    }
    if (about.culprit && lane.holds.some(t => t.hold.seq === about.culprit.seq || t.hold.ends === about.culprit.seq)) flag(g, x(culpritAt), y);
  },
  object(g, lane, y) {
    for (const s of lane.spans) { g.globalAlpha = .35; bar(g, { at: s.from, until: s.until }, y + 6, 4, colours['--open']); }
    g.globalAlpha = 1;
    for (const t of lane.commits) if (inView(t)) bar(g, t, y + 3, 10, about.culprit && t.seq === about.culprit.seq ? colours['--bad'] : colours['--ok']);
  },
};

function outline(g, t, y, height) {
  g.strokeStyle = colours['--text'];
  g.strokeRect(Math.max(x(t.at), gutter) - 1, y - 1, Math.max(x(t.until) - Math.max(x(t.at), gutter), 3) + 2, height + 2);
}

// shade colours the windows of those faults that concern the actor.
function shade(g, actor, y, height) {
  for (const rule of data.weather) {
    const chosen = view.selected && view.selected.rule === rule;
    if (rule.always && !chosen || !concerns(rule, actor) || rule.until < view.from || rule.from > view.until) continue;
    const left = Math.max(x(rule.from), gutter);
    g.fillStyle = colours[weatherColour(rule)];
    g.globalAlpha = Number(colours['--shade']) * (chosen ? 2.4 : 1);
    g.fillRect(left, y, Math.max(Math.min(x(rule.until), canvas.clientWidth) - left, 2), height);
    g.globalAlpha = 1;
  }
}

// shadeServer colours the windows of faults that an API server suffers.
function shadeServer(g, lane, y) {
  for (const rule of data.weather) {
    if (rule.scope !== 'server' || rule.always || rule.until < view.from || rule.from > view.until) continue;
    const left = Math.max(x(rule.from), gutter);
    g.fillStyle = colours[weatherColour(rule)]; g.globalAlpha = Number(colours['--shade']);
    g.fillRect(left, y, Math.max(Math.min(x(rule.until), canvas.clientWidth) - left, 2), lane.height);
    g.globalAlpha = 1;
  }
}

function lifeMark(g, t, y, height) {
  const px = x(t.at), colour = t.type === 'crash' ? colours['--death'] : colours['--ok'];
  g.strokeStyle = g.fillStyle = colour;
  g.globalAlpha = dim(t);
  g.beginPath(); g.moveTo(px, y + 1); g.lineTo(px, y + height - 2); g.stroke();
  const size = t === view.selected || t === view.hover ? 6 : 4;
  g.beginPath();
  if (t.type === 'crash') {
    g.lineWidth = 2;
    g.moveTo(px - size, y + height / 2 - size); g.lineTo(px + size, y + height / 2 + size);
    g.moveTo(px + size, y + height / 2 - size); g.lineTo(px - size, y + height / 2 + size);
    g.stroke(); g.lineWidth = 1;
  } else {
    g.moveTo(px, y + height / 2 - size); g.lineTo(px + size + 2, y + height / 2); g.lineTo(px, y + height / 2 + size); g.fill();
  }
  g.globalAlpha = 1;
}

function flag(g, px, y) {
  g.fillStyle = colours['--bad'];
  g.beginPath(); g.moveTo(px, y + 2); g.lineTo(px + 11, y + 7); g.lineTo(px, y + 12); g.fill();
  g.fillRect(px - 1, y + 2, 2, 26);
}

function drawVerticals(g, height) {
  const line = (t, colour, dash) => {
    if (t < view.from || t > view.until) return;
    g.strokeStyle = colour; g.setLineDash(dash);
    g.beginPath(); g.moveTo(x(t), axisHeight); g.lineTo(x(t), height); g.stroke(); g.setLineDash([]);
  };
  line(about.cleared, colours['--slow'], [2, 4]);
  if (view.selected) line(view.selected.at, colours['--faint'], [1, 3]);
  if (about.culprit) { g.lineWidth = 1.5; line(culpritAt, colours['--bad'], []); g.lineWidth = 1; }
}

// drawCauses connects a commit with the call that made it and with every watch
// that was told of it.
function drawCauses(g, top) {
  const t = view.selected;
  if (!t) return;
  let commit = t.commit;
  if (!commit && t.type === 'call') commit = data.commits.find(c => c.call === t.call.id);
  if (!commit && t.frame) commit = data.commits.find(c => c.revision === t.frame.revision && c.object === t.frame.object);
  const server = lanes.find(l => l.kind === 'server' && l.commits.some(t => t.commit === commit));
  if (!commit || !server) return;
  const from = { px: x(commit.at), py: top + server.top + 11 };
  const reach = (px, py, colour) => {
    g.strokeStyle = colour; g.globalAlpha = .75; g.beginPath(); g.moveTo(from.px, from.py);
    g.bezierCurveTo(from.px, (from.py + py) / 2, px, (from.py + py) / 2, px, py); g.stroke(); g.globalAlpha = 1;
  };
  for (const lane of lanes.filter(l => l.kind === 'actor')) {
    const base = top + lane.top + 8 + lane.rows * rowHeight;
    for (const f of lane.frames) if (f.frame.revision === commit.revision && f.frame.object === commit.object) reach(x(f.at), base + f.row * 5 + 1.5, colours['--accent']);
    for (const c of lane.calls) if (c.call.id === commit.call) reach(x(c.at), top + lane.top + 10 + c.row * rowHeight, colours['--ok']);
  }
}

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
  g.fillStyle = colours['--card']; g.fillRect(0, 0, canvas.clientWidth, axisHeight);
  g.strokeStyle = colours['--line']; g.beginPath(); g.moveTo(0, axisHeight - .5); g.lineTo(canvas.clientWidth, axisHeight - .5); g.stroke();
  g.font = '10.5px ' + colours['--mono']; g.fillStyle = colours['--soft'];
  for (const t of ticks()) if (x(t) > gutter - 4) g.fillText(duration(t), x(t) + 4, 17);
  g.fillText(duration(Math.round(view.until - view.from)) + ' in view', 16, 17);
}

function drawOverview() {
  const g = fit(overview, 44), w = overview.clientWidth - gutter - 14, px = t => gutter + t / endOfTime * w;
  g.fillStyle = colours['--soft']; g.font = '10.5px ' + colours['--sans']; g.fillText('whole run ' + duration(about.ended), 16, 26);
  for (const rule of data.weather) if (!rule.always) {
    g.fillStyle = colours[weatherColour(rule)]; g.globalAlpha = .13;
    g.fillRect(px(rule.from), 4, Math.max(px(rule.until) - px(rule.from), 1), 36);
  }
  const buckets = new Map();
  for (const c of data.calls) { const b = Math.round(px(c.from)); buckets.set(b, (buckets.get(b) || 0) + 1); }
  const most = Math.max(1, ...buckets.values());
  g.globalAlpha = .8; g.fillStyle = colours['--ok'];
  for (const [b, n] of buckets) { const h = 4 + 28 * Math.sqrt(n / most); g.fillRect(b, 40 - h, 1.2, h); }
  g.globalAlpha = 1;
  if (about.culprit) { g.fillStyle = colours['--bad']; g.fillRect(px(culpritAt) - 1, 2, 2, 40); }
  g.fillStyle = colours['--accent']; g.globalAlpha = .12; g.fillRect(px(Math.max(view.from, 0)), 1, Math.max(3, px(Math.min(view.until, endOfTime)) - px(Math.max(view.from, 0))), 42); g.globalAlpha = 1;
  g.strokeStyle = colours['--accent']; g.strokeRect(px(Math.max(view.from, 0)) + .5, 1.5, Math.max(3, px(Math.min(view.until, endOfTime)) - px(Math.max(view.from, 0))), 41);
}

function placeViolation() {
  const flagged = document.getElementById('violation');
  flagged.hidden = !about.culprit || culpritAt < view.from || culpritAt > view.until;
  flagged.style.left = Math.min(Math.max(x(culpritAt), gutter + 70), canvas.clientWidth - 90) + 'px';
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

// middle is where in its lane a thing is drawn.
function middle(lane, t) {
  if (lane.kind === 'actor') {
    if (t.type === 'call' && !t.watch) return 10 + t.row * rowHeight;
    if (t.type === 'frame' || t.watch) return 9 + lane.rows * rowHeight + t.row * 5;
  }
  if (lane.kind === 'owner') return { claim: 6, 'internal Service': 22 }[t.hold.via] || 15;
  if (lane.kind === 'server') return t.type === 'commit' ? 11 : 24;
  return lane.height / 2;
}

// Views slide to where they are wanted; who asks for less motion gets none.
let sliding = 0;
function zoomTo(from, until, slide) {
  const span = Math.min(Math.max(until - from, 2000), endOfTime * 1.2);
  from = Math.min(Math.max((from + until) / 2 - span / 2, -endOfTime * .02), endOfTime * 1.02 - Math.min(span, endOfTime));
  const target = { from, until: from + span }, begin = { from: view.from, until: view.until }, started = performance.now();
  const run = ++sliding;
  if (!slide || matchMedia('(prefers-reduced-motion: reduce)').matches) { Object.assign(view, target); redraw(); return; }
  const frame = now => {
    if (run !== sliding) return;
    const k = Math.min(1, (now - started) / 260), ease = 1 - Math.pow(1 - k, 3);
    const ratio = Math.pow((target.until - target.from) / (begin.until - begin.from), ease);
    const s = (begin.until - begin.from) * ratio, a = (begin.from + begin.until) / 2, b = (target.from + target.until) / 2;
    const done = begin.until - begin.from === span ? ease : (1 - ratio) / (1 - span / (begin.until - begin.from));
    const centre = a + (b - a) * done;
    view.from = centre - s / 2; view.until = centre + s / 2;
    if (k === 1) Object.assign(view, target);
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
