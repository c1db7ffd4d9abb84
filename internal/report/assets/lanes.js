// What the page shows, indexed: lanes from top to bottom, each with its rows,
// and every thing that can be selected by the number of its event.

const data = JSON.parse(document.getElementById('data').textContent);
for (const list of ['laws', 'actors', 'faults', 'calls', 'frames', 'commits', 'owners', 'log', 'bodies', 'trace', 'odds']) data[list] = data[list] || [];
const about = data.about, why = data.why || {}, belongs = data.belongs || {};
why.steps = why.steps || [];

// The other run, if there is one, has numbers of its own: they are moved out of the
// way, and from then on its calls, frames and commits are like all others.
const apart = 1e9, beside = data.beside;
if (beside) {
  const move = c => ({ ...c, beside: true });
  for (const list of ['actors', 'calls', 'frames', 'commits', 'bodies']) beside[list] = beside[list] || [];
  const shift = index => index ? index + data.bodies.length : 0;
  data.actors.push(...beside.actors.map(a => ({ ...move(a), name: a.name + ' ′' })));
  data.calls.push(...beside.calls.map(c => ({ ...move(c), id: c.id + apart, seq: c.seq + apart, back: c.back ? c.back + apart : 0, because: c.because ? c.because + apart : 0, actor: c.actor + ' ′', request: shift(c.request), response: shift(c.response) })));
  data.frames.push(...beside.frames.map(f => ({ ...move(f), call: f.call + apart, seq: f.seq + apart, revision: f.revision ? f.revision + apart : 0 })));
  data.commits.push(...beside.commits.map(c => ({ ...move(c), seq: c.seq + apart, revision: c.revision + apart, call: c.call ? c.call + apart : 0, actor: c.actor ? c.actor + ' ′' : '', old: shift(c.old), new: shift(c.new) })));
  data.bodies = data.bodies.concat(beside.bodies);
}

const callByID = new Map(data.calls.map(c => [c.id, c]));
const callByReturn = new Map(data.calls.filter(c => c.back).map(c => [c.back, c]));
const commitBySeq = new Map(data.commits.map(c => [c.seq, c]));
const commitsByCall = new Map();
for (const c of data.commits) if (c.call) commitsByCall.set(c.call, [...(commitsByCall.get(c.call) || []), c]);
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
const thingOfCall = id => callByID.has(id) ? thingBySeq.get(callByID.get(id).seq) : undefined;
// thingAtEvent also knows the events that are an end of something else.
const thingAtEvent = seq => thingBySeq.get(seq) || (callByReturn.has(seq) ? thingOfCall(callByReturn.get(seq).id) : undefined);

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

// Owners have colours of their own, which neither outcomes nor faults have.
const ownerColours = 8, colourOfIP = new Map();
function ipColour(ip) {
  if (!colourOfIP.has(ip)) colourOfIP.set(ip, `--own-${colourOfIP.size % ownerColours}`);
  return colourOfIP.get(ip);
}

// faultColour names the CSS variable of what a rule does.
function faultColour(rule) {
  if (rule.kind === 'latency') return '--slow';
  return { link: '--cut', process: '--death', watch: '--watch', event: '--watch' }[rule.scope] || '--storm';
}

// concerns: would the rule hit this actor? Patterns are shell globs.
function concerns(rule, actor) {
  if (rule.scope === 'server' || actor.beside) return false;
  if (!rule.process) return !actor.user;
  const pattern = rule.process.replace(/[.+^${}()|\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.');
  return new RegExp('^' + pattern + '$').test(actor.name);
}

const lanes = [];
const rowHeight = 11;

function heading(text) { lanes.push({ kind: 'heading', label: text, height: 24, things: [] }); }

function oddsLane() {
  if (!data.odds.length) return;
  heading('Chance of this failure');
  const points = data.odds.map((o, i) => thing({ type: 'odds', odds: o, before: data.odds[i - 1], at: o.at, until: o.at }));
  lanes.push({ kind: 'odds', label: 'if all after is redrawn', height: 54, points, things: points });
}

function faultLanes() {
  if (!data.faults.length) return;
  heading('Faults');
  for (const rule of data.faults) {
    const window = thing({ type: 'rule', rule, at: rule.from, until: rule.until });
    const hits = (rule.hits || []).map(h => thing({ type: 'hit', rule, hit: h, at: h.at, until: h.at, seq: h.seq, call: callByID.get(h.call) }));
    lanes.push({ kind: 'fault', label: rule.id, rule, height: 19, things: [...hits, window], window, hits });
  }
}

function actorLanes(title, actors) {
  if (!actors.length) return;
  heading(title);
  const callsOf = new Map(), framesOf = new Map(), linesOf = new Map();
  const put = (map, key, value) => { if (map.has(key)) map.get(key).push(value); else map.set(key, [value]); };
  for (const c of data.calls) put(callsOf, c.actor, c);
  for (const f of data.frames) put(framesOf, (callByID.get(f.call) || {}).actor, f);
  for (const l of data.log) put(linesOf, l.actor.replace(/-\d+$/, ''), l);
  for (const actor of actors) {
    const all = callsOf.get(actor.name) || [];
    const calls = all.filter(c => c.verb !== 'watch').map(c => thing({ type: 'call', call: c, at: c.from, until: c.until, seq: c.seq }));
    const watches = all.filter(c => c.verb === 'watch').map(c => thing({ type: 'call', call: c, at: c.from, until: c.until, seq: c.seq, watch: true }));
    const rows = Math.max(1, pack(calls, 6)), lines = pack(watches, 8);
    const rowOfWatch = new Map(watches.map(w => [w.call.id, w.row]));
    const frames = (framesOf.get(actor.name) || []).filter(f => rowOfWatch.has(f.call)).map(f => thing({ type: 'frame', frame: f, call: callByID.get(f.call), at: f.at, until: f.at, seq: f.seq, row: rowOfWatch.get(f.call) }));
    const lives = (actor.lives || []).flatMap(l => [thing({ type: 'start', actor, life: l, at: l.from, until: l.from }),
      ...(l.end === 'crashed' ? [thing({ type: 'crash', actor, life: l, at: l.until, until: l.until })] : [])]);
    lanes.push({ kind: 'actor', label: actor.name, actor, rows, lines, calls, watches, frames, lives, height: 12 + rows * rowHeight + (lines ? lines * 5 + 5 : 0), things: [...lives, ...calls, ...frames, ...watches] });
    if (!actor.user) workLane(actor, calls);
    const said = linesOf.get(actor.name);
    if (said && !actor.user && !actor.beside) {
      const log = said.map(line => thing({ type: 'log', line, at: line.at, until: line.at }));
      lanes.push({ kind: 'log', label: actor.name + ': log', log, height: 15, things: log, part: true });
    }
  }
}

// workLane shows reconciles as they look from outside: calls that follow from one
// another without a pause and are about one object.
function workLane(actor, calls) {
  const ownerOf = key => belongs[key] || key, spans = new Map(), spanOfCall = new Map();
  for (const t of calls) {
    const c = t.call, cause = !c.timer && callByReturn.get(c.because);
    const key = ownerOf(c.object || ''), before = cause && spanOfCall.get(cause.id);
    let span = before && (!c.object || !before.key || before.key === key) ? before : null;
    if (!span) { span = { key: c.object ? key : '', calls: [], at: c.from, until: c.until, because: c.because, timer: c.timer }; spans.set(c.id, span); }
    span.key = span.key || (c.object ? key : '');
    span.calls.push(c);
    span.until = Math.max(span.until, c.until);
    spanOfCall.set(c.id, span);
  }
  const work = [...spans.values()].filter(s => s.calls.length > 1 || s.key).map(s => thing({ type: 'work', work: s, actor, at: s.at, until: s.until }));
  if (!work.length) return;
  const rows = pack(work, 3);
  lanes.push({ kind: 'work', label: actor.name + ': reconciles', work, height: 6 + rows * 11, things: work, part: true });
}

// serverLanes has one for each API server: what it committed above, what
// reached it below.
function serverLanes(title, all, calls) {
  if (!all.length) return;
  heading(title);
  const commits = all.map(c => thing({ type: 'commit', commit: c, call: callByID.get(c.call), at: c.at, until: c.at, seq: c.seq }));
  const servers = [...new Set(calls.map(c => c.server || 1))].sort((a, b) => a - b);
  if (!servers.length) servers.push(1);
  for (const server of servers) {
    const arrivals = calls.filter(c => c.server === server).map(c => thing({ type: 'arrival', call: c, at: c.arrived, until: c.arrived }));
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
    if (c.beside) continue;
    const key = c.resource + ' ' + c.object;
    if (!lives.has(key)) lives.set(key, []);
    lives.get(key).push(c);
  }
  // What the cluster has of its own and nobody touches (definitions, default
  // accounts, root certificates) tells nothing, unless it is the violation.
  for (const [key, commits] of [...lives]) if (commits.every(c => !c.actor) && !commits.some(c => about.culprit && c.seq === about.culprit.seq)) lives.delete(key);
  if (!lives.size) return;
  heading('Objects');
  for (const [key, commits] of [...lives].sort(([a], [b]) => a < b ? -1 : 1)) {
    const spans = [];
    for (const c of commits) {
      if (!c.old || !spans.length) spans.push({ from: c.old ? 0 : c.at, until: about.ended });
      if (!c.new) spans[spans.length - 1].until = c.at;
    }
    const whose = belongs[commits[0].object];
    lanes.push({ kind: 'object', label: key, of: whose, spans, commits: commits.map(c => thingBySeq.get(c.seq)), height: whose ? 26 : 16, things: commits.map(c => thingBySeq.get(c.seq)), extra: true });
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

oddsLane(); faultLanes();
actorLanes('Users', data.actors.filter(a => a.user && !a.beside));
actorLanes('Processes', data.actors.filter(a => !a.user && !a.beside));
serverLanes('API servers', data.commits.filter(c => !c.beside), data.calls.filter(c => !c.beside));
ownerLanes();
if (beside) {
  actorLanes(`The other run: ${beside.title}. ${beside.verdict}`, data.actors.filter(a => a.beside));
  serverLanes('API servers of the other run', data.commits.filter(c => c.beside), data.calls.filter(c => c.beside));
}
objectLanes();
const laned = new Set(things.map(t => t.line));
for (const line of data.log) if (!laned.has(line)) thing({ type: 'log', line, at: line.at, until: line.at });
for (const lane of lanes) for (const t of lane.things) t.lane = t.lane || lane;
const culprit = about.culprit && (thingBySeq.get(about.culprit.seq) || (about.culprit.call && thingOfCall(about.culprit.call)));
const culpritAt = about.culprit ? (about.culprit.at || (culprit ? culprit.at : 0)) : 0;

// The steps of the story, each with the thing that it tells of.
for (const step of why.steps) {
  step.thing = step.seq && thingAtEvent(step.seq) || step.call && thingOfCall(step.call) ||
    things.find(t => (t.type === 'crash' || t.type === 'start') && t.actor.name === step.process && t.at === step.at) || null;
}
