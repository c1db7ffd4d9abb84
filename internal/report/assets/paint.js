// How each kind of lane is drawn.

const painters = {
  odds(g, lane, y) {
    const bottom = y + lane.height - 8, scale = lane.height - 18, py = o => bottom - o.failed / o.runs * scale;
    g.strokeStyle = colours['--line'];
    for (const share of [0, .5, 1]) { g.beginPath(); g.moveTo(gutter, bottom - share * scale); g.lineTo(room, bottom - share * scale); g.stroke(); }
    g.strokeStyle = colours['--bad']; g.lineWidth = 2;
    g.beginPath();
    lane.points.forEach((t, i) => { if (i) g.lineTo(x(t.at), py(lane.points[i - 1].odds)); g.lineTo(x(t.at), py(t.odds)); });
    g.stroke(); g.lineWidth = 1;
    for (const t of lane.points) {
      const jump = t.before && Math.abs(t.odds.failed / t.odds.runs - t.before.failed / t.before.runs) >= .25;
      g.fillStyle = colours['--bad'];
      g.beginPath(); g.arc(x(t.at), py(t.odds), t === view.selected || t === view.hover ? 5 : jump ? 4 : 2, 0, 7); g.fill();
      if (jump) { g.fillStyle = colours['--text']; g.font = '10px ' + colours['--mono']; g.fillText(Math.round(t.odds.failed / t.odds.runs * 100) + '%', x(t.at) + 6, py(t.odds) + (py(t.odds) < y + 14 ? 12 : -4)); }
    }
  },
  fault(g, lane, y) {
    const colour = colours[faultColour(lane.rule)];
    g.globalAlpha = .28 * dim(lane.window);
    bar(g, lane.window, y + 4, 10, colour, 3);
    for (const t of sparse(lane.hits, () => 0)) { g.globalAlpha = dim(t); bar(g, t, y + 3, 12, colour, 2); }
    g.globalAlpha = 1;
    if (view.hover === lane.window || view.selected === lane.window || lane.hits.includes(view.selected)) outline(g, lane.window, y + 4, 10);
    g.font = '10.5px ' + colours['--sans']; g.fillStyle = colours['--soft'];
    const text = [lane.rule.kind, lane.rule.text].filter(Boolean).join(' · ');
    const left = Math.max(x(lane.window.at), gutter), right = Math.max(x(lane.window.until), left + 3), wide = g.measureText(text).width + 12;
    // Inside its bar when there is room and nothing struck; otherwise beside it.
    const inside = right - left > wide && !lane.hits.some(inView);
    const at = inside ? left + 6 : right + wide < room ? right + 6 : left > gutter + wide ? left - wide + 6 : left + 6;
    if (at > gutter || inside) g.fillText(elide(g, text, Math.max(60, room - at - 12)), at, y + 13);
  },
  actor(g, lane, y) {
    shade(g, lane.actor, y, lane.height);
    for (const life of lane.actor.lives || []) {
      const left = Math.max(x(life.from), gutter), right = Math.min(x(life.until), room);
      if (right < left) continue;
      g.fillStyle = colours['--text']; g.globalAlpha = .035;
      g.fillRect(left, y + 2, right - left, lane.height - 5);
      g.globalAlpha = 1;
    }
    for (const t of sparse(lane.calls, t => t.row * 8 + outcomes.indexOf(t.call.outcome) * 2 + (t.call.faults ? 1 : 0))) {
      g.globalAlpha = dim(t);
      const w = bar(g, t, y + 6 + t.row * rowHeight, rowHeight - 3, colours['--' + t.call.outcome] || colours['--open']);
      if (t.call.faults) { g.fillStyle = colours['--storm']; g.fillRect(Math.max(x(t.at), gutter), y + 3 + t.row * rowHeight, Math.max(w, 3), 3); }
      if (w > 70) { g.fillStyle = colours['--card']; g.font = '9px ' + colours['--sans']; g.fillText(elide(g, `${t.call.verb} ${t.call.resource} ${t.call.object || ''}`, w - 6), Math.max(x(t.at), gutter) + 3, y + 13 + t.row * rowHeight - (rowHeight - 8) / 2); }
    }
    const base = y + 8 + lane.rows * rowHeight;
    for (const t of lane.watches) if (inView(t)) { g.globalAlpha = .55 * dim(t); bar(g, t, base + t.row * 5 + 1, 1.5, colours['--open']); }
    for (const t of sparse(lane.frames, t => t.row)) {
      g.globalAlpha = dim(t);
      g.fillStyle = t === view.selected ? colours['--text'] : colours['--accent'];
      g.beginPath(); g.arc(x(t.at), base + t.row * 5 + 1.5, t === view.selected || t === view.hover ? 4 : 1.8, 0, 7); g.fill();
    }
    g.globalAlpha = 1;
    for (const t of lane.lives) if (inView(t)) lifeMark(g, t, y, lane.height);
  },
  work(g, lane, y) {
    for (const t of sparse(lane.work, t => t.row)) {
      g.globalAlpha = .75 * dim(t);
      const w = bar(g, t, y + 3 + t.row * 11, 8, colours['--work']);
      g.globalAlpha = dim(t);
      if (w > 60) { g.fillStyle = colours['--card']; g.font = '9px ' + colours['--sans']; g.fillText(elide(g, t.work.key, w - 6), Math.max(x(t.at), gutter) + 3, y + 10 + t.row * 11); }
    }
    g.globalAlpha = 1;
  },
  log(g, lane, y) {
    for (const t of sparse(lane.log, () => 0)) { g.globalAlpha = .8 * dim(t); bar(g, t, y + 4, 7, colours[/error|fail/i.test(t.line.text) ? '--failed' : '--open'], 1.4); }
    g.globalAlpha = 1;
  },
  server(g, lane, y) {
    shadeServer(g, lane, y);
    for (const t of sparse(lane.commits, authorOf)) {
      g.globalAlpha = dim(t);
      bar(g, t, y + 5, 12, colours[commitColour(t)]);
    }
    for (const t of sparse(lane.arrivals, t => outcomes.indexOf(t.call.outcome))) { g.globalAlpha = .75 * dim(t); bar(g, t, y + 21, 6, colours['--' + t.call.outcome] || colours['--open'], 1.2); }
    g.globalAlpha = 1;
  },
  owner(g, lane, y) {
    for (const e of lane.owner.exported || []) {
      const left = Math.max(x(e.from), gutter - 2), w = Math.min(x(e.until), room + 2) - left;
      g.strokeStyle = colours['--faint']; g.fillStyle = colours['--line-soft'];
      g.beginPath(); g.roundRect(left, y + 3.5, Math.max(w, 2), 22, 5); g.fill(); g.setLineDash([3, 3]); g.stroke(); g.setLineDash([]);
    }
    for (const t of lane.holds) {
      if (!inView(t)) continue;
      g.globalAlpha = dim(t);
      const place = { claim: [5, 3], 'internal Service': [21, 3] }[t.hold.via] || [9, 11];
      const w = bar(g, t, y + place[0], place[1], colours[ipColour(t.hold.ip)]);
      if (place[1] > 5 && w > 60) { g.fillStyle = colours['--on-owner']; g.font = '600 10px ' + colours['--mono']; g.fillText(elide(g, t.hold.ip, w - 8), Math.max(x(t.at), gutter) + 5, y + 18); }
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
    for (const t of sparse(lane.commits, authorOf)) bar(g, t, y + 3, 10, colours[commitColour(t)]);
  },
};

const users = new Set(data.actors.filter(a => a.user).map(a => a.name));
// authorOf: the violation, the server's own, a user's, a process's.
const authorOf = t => about.culprit && t.seq === about.culprit.seq ? 0 : !t.commit.actor ? 1 : users.has(t.commit.actor) ? 2 : 3;
const commitColour = t => ['--bad', '--open', '--user', '--ok'][authorOf(t)];

function outline(g, t, y, height) {
  g.strokeStyle = colours['--text'];
  g.strokeRect(Math.max(x(t.at), gutter) - 1, y - 1, Math.max(x(t.until) - Math.max(x(t.at), gutter), 3) + 2, height + 2);
}

// shade colours the windows of those faults that concern the actor.
function shade(g, actor, y, height) {
  for (const rule of data.faults) {
    const chosen = view.selected && view.selected.rule === rule;
    if (rule.always && !chosen || !concerns(rule, actor) || rule.until < view.from || rule.from > view.until) continue;
    const left = Math.max(x(rule.from), gutter);
    g.fillStyle = colours[faultColour(rule)];
    g.globalAlpha = Number(colours['--shade']) * (chosen ? 2.4 : 1);
    g.fillRect(left, y, Math.max(Math.min(x(rule.until), room) - left, 2), height);
    g.globalAlpha = 1;
  }
}

// shadeServer colours the windows of faults that an API server suffers.
function shadeServer(g, lane, y) {
  for (const rule of data.faults) {
    if (rule.scope !== 'server' || rule.always || rule.until < view.from || rule.from > view.until) continue;
    const left = Math.max(x(rule.from), gutter);
    g.fillStyle = colours[faultColour(rule)]; g.globalAlpha = Number(colours['--shade']);
    g.fillRect(left, y, Math.max(Math.min(x(rule.until), room) - left, 2), lane.height);
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
  line(about.cleared, colours['--user'], [2, 4]);
  if (view.selected) line(view.selected.at, colours['--faint'], [1, 3]);
  if (beside && beside.differs) { g.lineWidth = 1.5; line(beside.at, colours['--unknown'], [6, 3]); g.lineWidth = 1; }
  if (about.culprit) { g.lineWidth = 1.5; line(culpritAt, colours['--bad'], []); g.lineWidth = 1; }
}

// spot is where on the canvas a thing is drawn; null when its lane is hidden.
function spot(t, top) {
  if (!t || !t.lane || t.lane.hidden) return null;
  return { px: x(t.at), py: top + t.lane.top + middle(t.lane, t) };
}

function reach(g, from, to, colour, dash) {
  if (!from || !to) return;
  g.strokeStyle = colour; g.globalAlpha = .8; g.setLineDash(dash || []);
  g.beginPath(); g.moveTo(from.px, from.py);
  g.bezierCurveTo(from.px, (from.py + to.py) / 2, to.px, (from.py + to.py) / 2, to.px, to.py); g.stroke();
  g.globalAlpha = 1; g.setLineDash([]);
}

// drawLinks connects what is selected with its reason, a commit with the call that
// made it and with every watch that was told of it.
function drawLinks(g, top) {
  const t = view.selected;
  if (!t) return;
  if (t.type === 'call') for (let c = t.call, n = 0; c && c.because && n < 8; n++) {
    const cause = thingAtEvent(c.because), from = spot(cause, top);
    if (from && cause.type === 'call') from.px = x(cause.until);
    reach(g, from, spot(thingOfCall(c.id), top), colours['--text'], c.timer ? [2, 3] : []);
    c = cause && cause.type === 'call' ? cause.call : null;
  }
  let commit = t.commit;
  if (!commit && t.type === 'call') commit = (commitsByCall.get(t.call.id) || [])[0];
  if (!commit && t.frame) commit = data.commits.find(c => c.revision === t.frame.revision && c.object === t.frame.object);
  const server = commit && lanes.find(l => l.kind === 'server' && l.commits.some(t => t.commit === commit));
  if (!server) return;
  const from = { px: x(commit.at), py: top + server.top + 11 };
  for (const lane of lanes.filter(l => l.kind === 'actor' && !l.hidden)) {
    for (const f of lane.frames) if (f.frame.revision === commit.revision && f.frame.object === commit.object) reach(g, from, spot(f, top), colours['--accent']);
    if (callByID.get(commit.call)) for (const c of lane.calls) if (c.call.id === commit.call) reach(g, from, spot(c, top), colours['--ok']);
  }
}

// drawStory numbers the events of the strip, beside one another where they would
// lie on top of each other.
function drawStory(g, top) {
  const taken = [];
  why.steps.forEach((step, i) => {
    const at = spot(step.thing, top);
    if (!at) return;
    at.px = x(step.at);
    if (at.px < gutter - 1 || at.px > room) return;
    g.strokeStyle = colours['--text'];
    g.strokeRect(at.px - 4, at.py - 6, 8, 12);
    let px = at.px + 11, py = at.py;
    while (taken.some(o => Math.abs(o.px - px) < 15 && Math.abs(o.py - py) < 15)) px += 15;
    taken.push({ px, py });
    g.fillStyle = colours['--text'];
    g.beginPath(); g.arc(px, py, 7.5, 0, 7); g.fill();
    g.fillStyle = colours['--card']; g.font = '700 10px ' + colours['--sans'];
    g.fillText(String(i + 1), px - 3, py + 3.5);
  });
}

function drawPins(g, top) {
  for (const t of view.pins) {
    const at = spot(t, top);
    if (!at || at.px < gutter) continue;
    g.fillStyle = colours['--accent'];
    g.beginPath(); g.moveTo(at.px, at.py - 5); g.lineTo(at.px - 6, at.py - 16); g.lineTo(at.px + 6, at.py - 16); g.fill();
  }
}

// middle is where in its lane a thing is drawn.
function middle(lane, t) {
  if (lane.kind === 'actor') {
    if (t.type === 'call' && !t.watch) return 10 + t.row * rowHeight;
    if (t.type === 'frame' || t.watch) return 9 + lane.rows * rowHeight + t.row * 5;
  }
  if (lane.kind === 'work') return 7 + t.row * 11;
  if (lane.kind === 'owner') return { claim: 6, 'internal Service': 22 }[t.hold.via] || 15;
  if (lane.kind === 'server') return t.type === 'commit' ? 11 : 24;
  if (lane.kind === 'object') return 8;
  return lane.height / 2;
}
