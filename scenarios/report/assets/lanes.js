'use strict';
// What the page shows, indexed: lanes from top to bottom, each with its rows,
// and every thing that can be selected by the number of its event.

const data = JSON.parse(document.getElementById('data').textContent);
for (const list of ['laws', 'actors', 'weather', 'calls', 'frames', 'commits', 'owners', 'log', 'bodies', 'trace']) data[list] = data[list] || [];
const about = data.about;
const callByID = new Map(data.calls.map(c => [c.id, c]));
const commitBySeq = new Map(data.commits.map(c => [c.seq, c]));
const body = index => index ? data.bodies[index - 1] : '';

// A thing is {type, at, until, ...}: what can be hovered, selected, searched.
const things = [];
const thingBySeq = new Map();
function thing(t) {
  t.index = things.length;
  things.push(t);
  if (t.seq && !thingBySeq.has(t.seq)) thingBySeq.set(t.seq, t);
  return t;
}

// pack gives each thing of a list the first row in which it has room.
function pack(list, most) {
  const ends = [];
  list.sort((a, b) => a.at - b.at);
  for (const t of list) {
    let row = ends.findIndex(end => end <= t.at);
    if (row < 0) row = ends.length < most ? ends.push(0) - 1 : ends.indexOf(Math.min(...ends));
    ends[row] = Math.max(ends[row], t.until);
    t.row = row;
  }
  return ends.length;
}

const palette = ['#4f83cc', '#d9822b', '#3aa17e', '#c2578f', '#8268c9', '#b0902a', '#2fa3b5', '#cc5f4a', '#6b8e3d', '#9a6b4f'];
const colourOfIP = new Map();
function ipColour(ip) {
  if (!colourOfIP.has(ip)) colourOfIP.set(ip, palette[colourOfIP.size % palette.length]);
  return colourOfIP.get(ip);
}

// weatherColour names the CSS variable of what a rule does.
function weatherColour(rule) {
  if (rule.kind === 'latency') return '--slow';
  return { link: '--cut', process: '--death', watch: '--watch', event: '--watch' }[rule.scope] || '--storm';
}

// concerns: would the rule hit this actor? Patterns are shell globs.
function concerns(rule, actor) {
  if (rule.scope === 'server') return false;
  if (!rule.process) return !actor.user;
  const pattern = rule.process.replace(/[.+^${}()|\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.');
  return new RegExp('^' + pattern + '$').test(actor.name);
}

const lanes = [];
const rowHeight = 11;

function heading(text) { lanes.push({ kind: 'heading', label: text, height: 24, things: [] }); }

function weatherLanes() {
  if (!data.weather.length) return;
  heading('Weather');
  for (const rule of data.weather) {
    const window = thing({ type: 'rule', rule, at: rule.from, until: rule.until });
    const hits = (rule.hits || []).map(h => thing({ type: 'hit', rule, hit: h, at: h.at, until: h.at, seq: h.seq, call: callByID.get(h.call) }));
    lanes.push({ kind: 'weather', label: rule.id, rule, height: 19, things: [...hits, window], window, hits });
  }
}

function actorLanes(users) {
  const actors = data.actors.filter(a => !!a.user === users);
  if (!actors.length) return;
  heading(users ? 'Users' : 'Controllers');
  for (const actor of actors) {
    const all = data.calls.filter(c => c.actor === actor.name);
    const calls = all.filter(c => c.verb !== 'watch').map(c => thing({ type: 'call', call: c, at: c.from, until: c.until, seq: c.seq }));
    const watches = all.filter(c => c.verb === 'watch').map(c => thing({ type: 'call', call: c, at: c.from, until: c.until, seq: c.seq, watch: true }));
    const rows = Math.max(1, pack(calls, 6)), lines = pack(watches, 8);
    const rowOfWatch = new Map(watches.map(w => [w.call.id, w.row]));
    const frames = data.frames.filter(f => rowOfWatch.has(f.call)).map(f => thing({ type: 'frame', frame: f, call: callByID.get(f.call), at: f.at, until: f.at, seq: f.seq, row: rowOfWatch.get(f.call) }));
    const lives = (actor.lives || []).flatMap(l => [thing({ type: 'start', actor, life: l, at: l.from, until: l.from }),
      ...(l.end === 'crashed' ? [thing({ type: 'crash', actor, life: l, at: l.until, until: l.until })] : [])]);
    lanes.push({ kind: 'actor', label: actor.name, actor, rows, lines, calls, watches, frames, lives, height: 12 + rows * rowHeight + (lines ? lines * 5 + 5 : 0), things: [...lives, ...calls, ...frames, ...watches] });
  }
}

// serverLanes has one for each API server: what it committed above, what
// reached it below.
function serverLanes() {
  if (!data.commits.length) return;
  heading('API servers');
  const commits = data.commits.map(c => thing({ type: 'commit', commit: c, call: callByID.get(c.call), at: c.at, until: c.at, seq: c.seq }));
  const servers = [...new Set(data.calls.map(c => c.server || 1))].sort((a, b) => a - b);
  for (const server of servers) {
    const arrivals = data.calls.filter(c => c.server === server).map(c => thing({ type: 'arrival', call: c, at: c.arrived, until: c.arrived }));
    const own = commits.filter(t => ((t.call && t.call.server) || servers[0]) === server);
    lanes.push({ kind: 'server', label: 'API server ' + server, server, commits: own, arrivals, height: 32, things: [...own, ...arrivals] });
  }
}

function ownerLanes() {
  const owners = data.owners.filter(o => (o.holds || []).length || (o.exported || []).length);
  if (!owners.length) return;
  heading('Who holds which IP');
  const byIP = new Map();
  for (const owner of owners) {
    const holds = (owner.holds || []).map(h => thing({ type: 'hold', owner, hold: h, at: h.from, until: h.until }));
    for (const t of holds) byIP.set(t.hold.ip, [...(byIP.get(t.hold.ip) || []), t]);
    lanes.push({ kind: 'owner', label: owner.name, owner, height: 30, holds, clashes: [], things: holds });
  }
  for (const lane of lanes.filter(l => l.kind === 'owner')) {
    for (const mine of lane.holds) {
      for (const other of byIP.get(mine.hold.ip)) {
        const from = Math.max(mine.at, other.at), until = Math.min(mine.until, other.until);
        if (other.owner !== mine.owner && from < until) lane.clashes.push({ from, until, with: other.owner.name });
      }
    }
  }
}

function objectLanes() {
  const lives = new Map();
  for (const c of data.commits) {
    const key = c.resource + ' ' + c.object;
    if (!lives.has(key)) lives.set(key, []);
    lives.get(key).push(c);
  }
  // What every cluster has from the start, and nobody touched, tells nothing.
  for (const [key, commits] of [...lives]) if (commits.length === 1 && !commits[0].actor && commits[0].at === 0) lives.delete(key);
  if (!lives.size) return;
  heading('Objects');
  for (const [key, commits] of [...lives].sort(([a], [b]) => a < b ? -1 : 1)) {
    const spans = [];
    for (const c of commits) {
      if (!c.old || !spans.length) spans.push({ from: c.old ? 0 : c.at, until: about.ended });
      if (!c.new) spans[spans.length - 1].until = c.at;
    }
    lanes.push({ kind: 'object', label: key, spans, commits: commits.map(c => thingBySeq.get(c.seq)), height: 16, things: commits.map(c => thingBySeq.get(c.seq)), extra: true });
  }
}

let showObjects = data.commits.length < 400;
function arrange() {
  let top = 0;
  for (const lane of lanes) {
    lane.hidden = !showObjects && (lane.extra || lane.label === 'Objects' && lane.kind === 'heading');
    lane.top = top;
    if (!lane.hidden) top += lane.height;
  }
  return top + 12;
}

weatherLanes(); actorLanes(true); actorLanes(false); serverLanes(); ownerLanes(); objectLanes();
for (const line of data.log) thing({ type: 'log', line, at: line.at, until: line.at });
const culprit = about.culprit && (thingBySeq.get(about.culprit.seq) || (about.culprit.call && things.find(t => t.type === 'call' && t.call.id === about.culprit.call)));
const culpritAt = about.culprit ? (about.culprit.at || (culprit ? culprit.at : 0)) : 0;

// describe is a thing in one line; it is also what search looks at.
function describe(t) {
  const c = t.call;
  switch (t.type) {
    case 'call': return `${c.actor}-${c.life} ${c.verb} ${c.resource} ${c.object || ''} ${outcomeText(c)}`.replace(/  +/g, ' ');
    case 'arrival': return `${c.verb} ${c.resource} ${c.object || ''} of ${c.actor}-${c.life} reaches API server ${c.server}`.replace(/  +/g, ' ');
    case 'frame': return `watch frame ${t.frame.type} ${t.frame.object || ''} to ${c.actor}-${c.life} (${c.resource}${t.frame.revision ? ', revision ' + t.frame.revision : ''})`;
    case 'commit': return `revision ${t.commit.revision}: ${t.commit.actor || 'the server'} ${!t.commit.old ? 'created' : !t.commit.new ? 'removed' : 'updated'} ${t.commit.resource} ${t.commit.object}`;
    case 'hit': return `${t.rule.kind} (${t.rule.id})${c ? ' hits ' + describe({ type: 'call', call: c }) : ''}`;
    case 'rule': return `${t.rule.kind} ${t.rule.id}: ${t.rule.text || 'no conditions'}`;
    case 'start': return `${t.actor.name}-${t.life.number} starts`;
    case 'crash': return `${t.actor.name}-${t.life.number} is killed`;
    case 'hold': return `${t.owner.name} has ${t.hold.ip} by ${t.hold.via}`;
    case 'log': return `${t.line.actor}: ${t.line.text}`;
  }
  return '';
}

function outcomeText(c) {
  if (c.outcome === 'open') return '(no answer)';
  return `(${c.outcome}${c.code ? ' ' + c.code : ''})` + (c.error ? ' ' + c.error : '');
}

function duration(ns) {
  if (ns < 0) return '-' + duration(-ns);
  if (ns === 0) return '0s';
  if (ns < 1e3) return ns + 'ns';
  if (ns < 1e6) return trim(ns / 1e3) + 'µs';
  if (ns < 1e9) return trim(ns / 1e6) + 'ms';
  if (ns % 60e9 === 0) return ns / 60e9 + 'm';
  const minutes = Math.floor(ns / 60e9);
  return (minutes ? minutes + 'm' : '') + trim((ns - minutes * 60e9) / 1e9) + 's';
}
function trim(x) { return x.toFixed(3).replace(/\.?0+$/, ''); }
