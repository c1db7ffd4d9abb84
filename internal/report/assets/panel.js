// The side panel: what is selected, every event, the log, the plan, the laws.

const panel = document.getElementById('panel'), tabs = document.getElementById('tabs');

// el makes an element; children are elements or text.
function el(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === 'onclick') e.addEventListener('click', value); else if (value !== undefined && value !== false) e.setAttribute(key, value);
  }
  e.append(...children.filter(c => c !== null && c !== undefined && c !== ''));
  return e;
}

const panes = {
  Selected: showSelected,
  Events: () => rows(data.trace.map((line, i) => ({ line, seq: i + 1 + (data.traceFrom || 0), kind: (line.match(/^\s*\d+\s+\S+\s+(\S+)/) || [])[1] })), 'No events were kept: the process died.'),
  Log: () => rows(data.log.map(l => ({ line: `${duration(l.at).padStart(13)}  ${l.actor}: ${l.text}`, at: l.at })), 'Nothing was logged.'),
  Plan: () => panel.append(planText()),
  Laws: showLaws,
  ...(data.explains ? { Explanation: () => panel.append(el('pre', { class: 'tall' }, data.explains)) } : {}),
  ...(data.detail ? { Stacks: () => panel.append(el('pre', { class: 'tall' }, data.detail)) } : {}),
};
let pane = 'Selected';

function openPane(name) {
  pane = name;
  tabs.replaceChildren(...Object.keys(panes).map(n => el('button', { type: 'button', role: 'tab', 'aria-selected': String(n === pane), 'aria-controls': 'panel', tabindex: n === pane ? '0' : '-1', onclick: () => openPane(n) }, n)));
  panel.className = name === 'Events' || name === 'Log' ? 'list' : '';
  panel.onscroll = null;
  panel.replaceChildren();
  panel.scrollTop = 0;
  panes[name]();
}

// rows is a list of which only what is in view exists.
function rows(list, none) {
  if (view.matches) list = list.filter(r => matchesText(r.line));
  if (!list.length) { panel.append(el('p', { class: 'empty' }, view.matches ? 'Nothing matches the search.' : none)); return; }
  const height = 20, box = el('div', { class: 'rows' });
  box.style.height = list.length * height + 'px';
  panel.append(box);
  const current = view.selected && list.findIndex(r => r.seq ? r.seq === view.selected.seq : r.at >= view.selected.at);
  if (current > 0) panel.scrollTop = current * height - panel.clientHeight / 2;
  const fill = () => {
    const first = Math.max(0, Math.floor(panel.scrollTop / height) - 10), last = Math.min(list.length, first + Math.ceil(panel.clientHeight / height) + 20);
    box.replaceChildren(...list.slice(first, last).map((r, i) => {
      const bad = about.culprit && r.seq === about.culprit.seq ? ' bad' : '', now = first + i === current ? ' now' : '';
      const row = el('button', { type: 'button', class: 'row ' + (r.kind || '') + bad + now, onclick: () => pickRow(r) }, r.line);
      row.style.top = (first + i) * height + 'px';
      return row;
    }));
  };
  panel.onscroll = fill;
  fill();
}

function pickRow(r) {
  const t = r.seq ? thingOfEvent(r) : things.find(t => t.type === 'log' && t.at === r.at && r.line.endsWith(t.line.text));
  if (t) select(t, true);
}

// thingOfEvent: events that are no thing of their own belong to a call.
function thingOfEvent(r) {
  if (thingBySeq.has(r.seq)) return thingBySeq.get(r.seq);
  const call = (r.line.match(/  call (\d+)/) || [])[1];
  if (call) return things.find(t => t.type === 'call' && t.call.id === Number(call));
  return things.find(t => (t.type === 'start' || t.type === 'crash') && r.line.includes(`${t.actor.name}-${t.life.number}`) && r.line.includes(t.type === 'crash' ? 'crashed' : 'started'));
}

function facts(pairs) {
  return el('dl', { class: 'facts' }, ...pairs.filter(([, v]) => v !== undefined && v !== '' && v !== 0).flatMap(([k, v]) => [el('dt', {}, k), el('dd', {}, String(v))]));
}
const heading3 = text => el('h3', {}, text);
const link = (t, text) => el('button', { type: 'button', onclick: () => select(t, true) }, text || describe(t));
const links = list => el('div', { class: 'links' }, ...list);

function showSelected() {
  const t = view.selected;
  if (!t) { panel.append(...overviewOfRun()); pinned(); return; }
  if (about.culprit && (t === culprit || t.seq === about.culprit.seq)) panel.append(el('span', { class: 'chip bad' }, 'the violation'), el('p', { class: 'sub' }, about.message || ''));
  panel.append(...details[t.type](t));
  panel.querySelector('h2').append(el('button', { type: 'button', class: 'pin', 'aria-pressed': String(view.pins.has(t)), title: 'Pin (m)', onclick: () => togglePin(t) }, view.pins.has(t) ? 'unpin' : 'pin'));
  pinned();
  const near = data.log.filter(l => l.at >= t.at - 1e6 && l.at <= Math.max(t.until, t.at) + 20e6 && (!t.call || l.actor.startsWith(t.call.actor))).slice(0, 12);
  if (near.length && t.type !== 'log') panel.append(heading3('Logged then'), el('pre', {}, near.map(l => `${duration(l.at)} ${l.actor}: ${l.text}`).join('\n')));
}

// pinned lists what was pinned, with the time between one and the next.
function pinned() {
  if (!view.pins.size) return;
  const list = [...view.pins].sort((a, b) => a.at - b.at);
  panel.append(heading3('Pinned'), links(list.map((p, i) => link(p, `${i ? '+' + brief(p.at - list[i - 1].at) : duration(p.at)}  ${describe(p)}`))));
}

function overviewOfRun() {
  const counts = {};
  for (const c of data.calls) counts[c.outcome] = (counts[c.outcome] || 0) + 1;
  const hits = data.faults.map(r => `${r.id}: ${(r.hits || []).length}`);
  return [
    el('h2', {}, about.culprit ? 'What went wrong' : 'The run'),
    about.culprit ? el('p', { class: 'sub' }, about.culprit.text) : '',
    about.culprit && culprit ? links([link(culprit, '⚑ Show the violation')]) : '',
    facts([['calls', data.calls.length], ...Object.entries(counts), ['commits', data.commits.length], ['watch frames', data.frames.length], ['faults end', duration(about.cleared)], ['ended', duration(about.ended)]]),
    hits.length ? heading3('Faults, and how often they struck') : '', hits.length ? el('pre', {}, hits.join('\n')) : '',
    el('p', { class: 'sub' }, 'Click anything in the picture. Scroll with Ctrl to zoom, drag to move, double-click to zoom in, ? for keys.'),
  ];
}

const details = {
  call(t) {
    const c = t.call, made = data.commits.filter(m => m.call === c.id);
    return [
      el('h2', { dir: 'auto' }, `${c.verb} ${c.resource} ${c.object || ''}${whose(c.object || '')}`),
      el('p', { class: 'sub' }, `call ${c.id} of ${c.actor}, life ${c.life}`),
      el('div', {}, el('span', { class: 'chip ' + c.outcome }, outcomeText(c).replace(/[()]/g, '')), ...(c.faults || []).map(f => el('span', { class: 'chip fault' }, '⚡ ' + f))),
      facts([['sent', duration(c.from)], ['reached API server ' + c.server, c.server ? duration(c.arrived) : ''], [c.verb === 'watch' ? 'open for' : 'took', duration(c.until - c.from)], ['event', c.seq], ['query', decoded(c.query || '')]]),
      ...reason(c),
      c.outcome === 'unknown' ? el('p', { class: 'sub' }, made.length ? 'The client cannot know it, but the server did what was asked.' : 'The client cannot know it, but the server did nothing.') : '',
      made.length ? heading3('Committed') : '', links(made.map(m => link(thingBySeq.get(m.seq)))),
      ...section('Request', c.request), ...section('Response', c.response),
    ];
  },
  work(t) {
    const w = t.work, cause = thingAtEvent(w.because);
    return [
      el('h2', {}, w.key || 'a reconcile'), el('p', { class: 'sub' }, `calls of ${t.actor.name} that follow from one another`),
      facts([['from', duration(w.at)], ['took', duration(w.until - w.at)], ['calls', w.calls.length]]),
      cause ? heading3(w.timer ? 'Begun by a timer, after' : 'Because of') : '', cause ? links([link(cause)]) : '',
      heading3('Calls'), links(w.calls.map(c => link(thingOfCall(c.id), `+${duration(c.from - w.at)}  ${describe(thingOfCall(c.id))}`))),
    ];
  },
  odds(t) {
    return [el('h2', {}, `${Math.round(t.odds.failed / t.odds.runs * 100)} % fail in the same way`), el('p', { class: 'sub' }, `Everything before ${duration(t.at)} as it was, everything after it drawn anew: ${t.odds.failed} of ${t.odds.runs} runs violate ${about.property}.`)];
  },
  arrival(t) { return details.call(t); },
  frame(t) {
    const f = t.frame, commit = data.commits.find(m => m.revision === f.revision && m.object === f.object);
    return [
      el('h2', {}, `${f.type} ${f.object || ''}`), el('p', { class: 'sub' }, `event of the watch on ${t.call.resource} by ${t.call.actor}, life ${t.call.life}`),
      facts([['reached it', duration(f.at)], ['event', f.seq], ['revision', f.revision], ['after the commit by', commit ? duration(f.at - commit.at) : '']]),
      commit ? links([link(thingBySeq.get(commit.seq))]) : '', links([link(thingBySeq.get(t.call.seq), 'the watch: call ' + t.call.id)]),
      ...(commit ? section('Object', commit.new || commit.old) : []),
    ];
  },
  commit(t) {
    const c = t.commit, told = things.filter(o => o.type === 'frame' && o.frame.revision === c.revision && o.frame.object === c.object);
    return [
      el('h2', {}, describe(t)), facts([['at', duration(c.at)], ['event', c.seq], ['revision', c.revision]]),
      t.call ? links([link(thingBySeq.get(t.call.seq), 'by call ' + c.call)]) : '',
      heading3('What changed'), difference(body(c.old), body(c.new)),
      told.length ? heading3('Who was told, and when') : '', links(told.map(o => link(o, `+${duration(o.at - c.at)}  ${o.call.actor}-${o.call.life}`))),
      ...section('Object', c.new || c.old),
    ];
  },
  hit(t) {
    return [el('h2', {}, `${t.rule.kind} strikes`), el('p', { class: 'sub' }, `${t.rule.id}: ${t.rule.text || 'no conditions'}`), facts([['at', duration(t.at)], ['event', t.seq]]), t.call ? links([link(thingBySeq.get(t.call.seq))]) : ''];
  },
  rule(t) {
    const hits = things.filter(o => o.type === 'hit' && o.rule === t.rule);
    return [
      el('h2', {}, t.rule.kind), el('p', { class: 'sub' }, `${t.rule.id}: ${t.rule.text || 'no conditions'}`),
      facts([['from', duration(t.rule.from)], ['until', duration(t.rule.until)], ['struck', hits.length + ' times']]),
      hits.length ? heading3('Where it struck') : '', links(hits.slice(0, 200).map(h => link(h, duration(h.at) + '  ' + (h.call ? describe({ type: 'call', call: h.call }) : t.rule.kind)))),
    ];
  },
  start(t) { return [el('h2', {}, `${t.actor.name} starts`), facts([['life', t.life.number], ['from', duration(t.life.from)], ['until', duration(t.life.until)], ['end', t.life.end || 'it lived to the end']])]; },
  crash(t) { return [el('h2', {}, `${t.actor.name} is killed`), facts([['life', t.life.number], ['at', duration(t.at)], ['it had lived', duration(t.life.until - t.life.from)]])]; },
  hold(t) {
    const begun = commitBySeq.get(t.hold.seq), ended = commitBySeq.get(t.hold.ends);
    const clash = (lanes.find(l => l.owner === t.owner) || { clashes: [] }).clashes.filter(c => c.from < t.until && c.until > t.at);
    return [
      el('h2', {}, `${t.owner.name} has ${t.hold.ip}`), el('p', { class: 'sub' }, `by its ${t.hold.via}`),
      ...clash.map(c => el('p', {}, el('span', { class: 'chip bad' }, 'two owners'), `${c.with} has it too, from ${duration(c.from)} for ${duration(c.until - c.from)}`)),
      facts([['from', duration(t.at)], ['until', duration(t.until)], ['for', duration(t.until - t.at)]]),
      links([begun && link(thingBySeq.get(begun.seq), 'begun by ' + describe(thingBySeq.get(begun.seq))), ended && link(thingBySeq.get(ended.seq), 'ended by ' + describe(thingBySeq.get(ended.seq)))].filter(Boolean)),
    ];
  },
  log(t) { return [el('h2', {}, 'Logged'), el('pre', {}, t.line.text), facts([['at', duration(t.at)], ['by', t.line.actor]])]; },
};

function decoded(query) { try { return decodeURIComponent(query); } catch { return query; } }

// reason is what its process had been handed when it made a call.
function reason(c) {
  const cause = thingAtEvent(c.because);
  return cause ? [heading3(c.timer ? 'By a timer; last heard of it' : 'Because of'), links([link(cause)])] : [];
}

function section(title, index) {
  if (!index) return [];
  return [el('details', { open: '' }, el('summary', {}, title), coloured(body(index)))];
}

// coloured is JSON with its keys and texts in colour.
function coloured(text) {
  const pre = el('pre', {});
  if (!/^[\[{]/.test(text)) { pre.append(text); return pre; }
  for (const part of text.split(/("(?:[^"\\]|\\.)*"\s*:|"(?:[^"\\]|\\.)*")/)) {
    if (!part.startsWith('"')) pre.append(part); else pre.append(el('span', { class: /:\s*$/.test(part) ? 'key' : 'text' }, part));
  }
  return pre;
}

function flatten(value, path, out) {
  if (value !== null && typeof value === 'object' && Object.keys(value).length) {
    for (const key of Object.keys(value)) flatten(value[key], Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key, out);
  } else out.set(path, JSON.stringify(value));
  return out;
}
function flat(text) { try { return text ? flatten(JSON.parse(text), '', new Map()) : new Map(); } catch { return new Map(); } }

// difference lists the fields of an object that a commit changed.
function difference(before, after) {
  const a = flat(before), b = flat(after), pre = el('pre', { class: 'difference' });
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    if (a.get(key) === b.get(key) || key === 'metadata.resourceVersion') continue;
    if (a.has(key)) pre.append(el('span', { class: 'gone' }, `- ${key}: ${a.get(key)}\n`));
    if (b.has(key)) pre.append(el('span', { class: 'new' }, `+ ${key}: ${b.get(key)}\n`));
  }
  if (!pre.childNodes.length) pre.append('nothing but the resourceVersion');
  return pre;
}

function planText() {
  const pre = el('pre', { class: 'tall' });
  for (const line of data.plan.split('\n')) {
    const m = line.match(/^(\s*(?:- )?)([\w/-]+:)(.*)$/);
    if (line.startsWith('#')) pre.append(el('span', { class: 'note' }, line)); else if (m) pre.append(m[1], el('span', { class: 'key' }, m[2]), m[3]); else pre.append(line);
    pre.append('\n');
  }
  return pre;
}

function showLaws() {
  if (!data.laws.length) panel.append(el('p', { class: 'empty' }, 'Nothing was judged: the process died.'));
  for (const law of data.laws) panel.append(el('div', { class: 'law' }, el('span', { class: 'badge ' + (law.status || 'undecided') }, law.status || 'not run'), el('div', {}, el('code', {}, law.name), law.message ? el('p', {}, law.message) : '')));
}
