// Wiring: the head of the page, selection, search, mouse, keys, theme.

function select(t, reveal) {
  view.selected = t;
  if (t && reveal) {
    const span = view.until - view.from;
    if (t.at < view.from || t.at > view.until) zoomTo(t.at - span / 2, t.at + span / 2, true);
    const lane = t.lane && !t.lane.hidden && t.lane;
    if (lane && (lane.top < scroller.scrollTop || lane.top + lane.height + axisHeight > scroller.scrollTop + scroller.clientHeight)) scroller.scrollTop = lane.top - scroller.clientHeight / 3;
  }
  openPane(t || pane === 'Selected' ? 'Selected' : pane);
  // On a phone the details are below the picture.
  if (t && narrow()) document.querySelector('aside').scrollIntoView({ behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth', block: 'start' });
  keepAddress();
  redraw();
}

// goToViolation shows the strip's events with the violation selected; without a
// strip, the moment of the violation.
function goToViolation() {
  if (!about.culprit && !why.steps.length) return;
  if (why.steps.length) frameStory();
  else {
    const span = Math.min(view.until - view.from, Math.max(endOfTime / 40, 400e6));
    zoomTo(culpritAt - span * .55, culpritAt + span * .45, true);
  }
  const last = why.steps[why.steps.length - 1];
  select(culprit || last && last.thing || null, false);
  if (why.steps.length) { revealStory(); return; }
  const lane = culprit && culprit.lane;
  if (lane && lane.top + lane.height + axisHeight > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = lane.top - scroller.clientHeight / 2;
}

// Things in the order of time, for stepping through them.
const inOrder = things.filter(t => !['log', 'rule', 'arrival', 'work', 'odds'].includes(t.type)).sort((a, b) => a.at - b.at || (a.seq || 0) - (b.seq || 0));
function stepTo(direction) {
  const list = view.matches ? inOrder.filter(t => view.matches.has(t)) : inOrder;
  if (!list.length) return;
  let i = list.indexOf(view.selected);
  if (i < 0) { const at = view.selected ? view.selected.at : view.from; i = list.findIndex(t => t.at >= at) - (direction > 0 ? 1 : 0); }
  select(list[Math.min(Math.max(i + direction, 0), list.length - 1)], true);
}

const search = document.getElementById('search');
let words = [];
const matchesText = text => { const lower = text.toLowerCase(); return words.every(w => lower.includes(w)); };
function find() {
  words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  view.matches = words.length ? new Set(things.filter(t => matchesText(describe(t)))) : null;
  document.getElementById('matches').textContent = view.matches ? view.matches.size + ' found' : '';
  if (pane === 'Events' || pane === 'Log') openPane(pane);
  redraw();
}
search.addEventListener('input', find);
search.addEventListener('keydown', e => {
  if (e.key === 'Enter') { stepTo(e.shiftKey ? -1 : 1); e.preventDefault(); }
  if (e.key === 'Escape') { search.value = ''; find(); scroller.focus(); }
  e.stopPropagation();
});

// The mouse: drag moves, a click selects, the wheel scrolls or zooms.
let drag = null;
canvas.addEventListener('pointerdown', e => { drag = { x: e.offsetX, y: e.clientY, from: view.from, until: view.until, scroll: scroller.scrollTop, moved: false }; canvas.setPointerCapture(e.pointerId); });
canvas.addEventListener('pointermove', e => {
  if (drag && e.buttons) {
    const d = (e.offsetX - drag.x) / width() * (drag.until - drag.from);
    if (Math.abs(e.offsetX - drag.x) + Math.abs(e.clientY - drag.y) > 4) drag.moved = true;
    if (drag.moved) { zoomTo(drag.from - d, drag.until - d); if (narrow() && e.pointerType === 'touch') scrollBy(0, drag.y - e.clientY); else scroller.scrollTop = drag.scroll + drag.y - e.clientY; }
    return;
  }
  const t = thingAt(e.offsetX, e.offsetY);
  if (t !== view.hover) { view.hover = t; redraw(); }
  showTip(t, e);
});
canvas.addEventListener('pointerup', e => { if (drag && !drag.moved) select(thingAt(e.offsetX, e.offsetY), false); drag = null; scroller.focus({ preventScroll: true }); });
canvas.addEventListener('pointerleave', () => { view.hover = null; showTip(null); redraw(); });
canvas.addEventListener('dblclick', e => zoomBy(.3, timeAt(e.offsetX)));
canvas.addEventListener('wheel', e => {
  if (e.ctrlKey || e.metaKey || scroller.scrollHeight <= scroller.clientHeight + 1 && !e.shiftKey && Math.abs(e.deltaX) < Math.abs(e.deltaY)) { zoomBy(Math.exp(e.deltaY * .0018), timeAt(e.offsetX)); e.preventDefault(); } else if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) { moveBy((e.deltaX || e.deltaY) / width()); e.preventDefault(); }
}, { passive: false });
scroller.addEventListener('scroll', redraw);

function overviewTo(e) {
  const at = (e.offsetX - gutter) / (overview.clientWidth - gutter - 14) * endOfTime, span = view.until - view.from;
  zoomTo(at - span / 2, at + span / 2);
}
overview.addEventListener('pointerdown', e => { overview.setPointerCapture(e.pointerId); overviewTo(e); });
overview.addEventListener('pointermove', e => { if (e.buttons) overviewTo(e); });

const tip = document.getElementById('tip');
function showTip(t, e) {
  tip.hidden = !t;
  if (!t) return;
  tip.textContent = describe(t).slice(0, 300) + '\n' + duration(t.at) + (t.until > t.at ? ' for ' + duration(t.until - t.at) : '');
  const stage = document.getElementById('stage').getBoundingClientRect();
  tip.style.left = Math.min(e.clientX - stage.left + 14, stage.width - tip.offsetWidth - 8) + 'px';
  tip.style.top = (e.clientY - stage.top + 18 + tip.offsetHeight > stage.height ? e.clientY - stage.top - tip.offsetHeight - 12 : e.clientY - stage.top + 18) + 'px';
}

const keys = [
  ['v', 'show the violation', goToViolation], ['0', 'the whole run', () => zoomTo(0, endOfTime * 1.01, true)],
  ['+', 'zoom in (also w, double-click, Ctrl and wheel)', () => zoomBy(.6)], ['-', 'zoom out (also s)', () => zoomBy(1 / .6)],
  ['ArrowLeft', 'earlier (also a)', () => moveBy(-.15)], ['ArrowRight', 'later (also d)', () => moveBy(.15)],
  ['ArrowUp', 'scroll up', () => { scroller.scrollTop -= 60; }], ['ArrowDown', 'scroll down', () => { scroller.scrollTop += 60; }],
  ['n', 'next event, or next match of a search', () => stepTo(1)], ['p', 'the one before', () => stepTo(-1)],
  ['m', 'pin or unpin what is selected', () => togglePin(view.selected)],
  ['f', 'zoom to what is selected', () => { const t = view.selected; if (t) { const s = Math.max(t.until - t.at, 20e6); zoomTo(t.at - s, t.at + 2 * s, true); } }],
  ['o', 'show or hide all objects', () => toggleObjects()], ['/', 'search', () => search.focus()],
  ['e', 'the list of events', () => openPane('Events')], ['l', 'the log', () => openPane('Log')],
  ['t', 'light or dark', () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark')],
  ['?', 'this list', () => document.getElementById('keys').showModal()], ['Escape', 'select nothing', () => select(null)],
];
const also = { w: '+', '=': '+', s: '-', a: 'ArrowLeft', d: 'ArrowRight', j: 'n', k: 'p' };
document.addEventListener('keydown', e => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.tagName === 'INPUT' || document.getElementById('keys').open) return;
  if (e.key.startsWith('Arrow') && panel.contains(e.target)) return;
  if (e.key.startsWith('Arrow') && tabs.contains(e.target)) { nextTab(e); return; }
  const key = keys.find(k => k[0] === (also[e.key] || e.key));
  if (key) { key[2](); e.preventDefault(); }
});

// nextTab moves among the tabs, as tabs do everywhere.
function nextTab(e) {
  const names = Object.keys(panes), step = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
  if (!step) return;
  openPane(names[(names.indexOf(pane) + step + names.length) % names.length]);
  tabs.querySelector('[aria-selected=true]').focus();
  e.preventDefault();
}

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  readColours();
  legend();
  redraw();
}
function toggleObjects() { showObjects = !showObjects; legend(); redraw(); }

// Every mark of the picture, with what it means.
function legend() {
  const entry = (shape, colour, text) => el('span', {}, Object.assign(el('i', { class: shape }), { style: `--c: var(${colour})` }), text);
  const has = { faults: data.faults.length > 0, owners: data.owners.length > 0, logs: data.log.length > 0 };
  const box = el('input', { type: 'checkbox' });
  box.checked = showObjects;
  box.addEventListener('change', toggleObjects);
  document.getElementById('legend').replaceChildren(
    entry('', '--ok', 'answered'), entry('', '--failed', 'failed'), entry('', '--unknown', 'outcome unknown'), entry('', '--open', 'no answer'),
    entry('line', '--open', 'watch'), entry('dot', '--accent', 'watch event'),
    entry('tick', '--ok', 'change by a process'), entry('tick', '--user', 'by a user'), entry('tick', '--open', 'by the server'), entry('short', '--ok', 'request arrives'),
    entry('', '--work', 'reconcile'), ...(has.logs ? [entry('tick', '--open', 'log line')] : []),
    ...(has.faults ? [entry('pale', '--storm', 'fault in force'), entry('tick', '--storm', 'it strikes'), entry('over', '--storm', 'call that was hit'), entry('tick', '--cut', 'link'), entry('tick', '--watch', 'watch fault'), entry('tick', '--slow', 'slow')] : []),
    entry('cross', '--death', 'killed'), entry('play', '--ok', 'starts'),
    ...(has.owners ? [entry('dashed', '--faint', 'exported'), entry('', '--own-0', 'its IP (thin: claim above, internal Service below)'), entry('frame', '--bad', 'IP with two owners')] : []),
    entry('rule', '--bad', 'law broken'), entry('rule', '--user', 'faults end'), ...(beside ? [entry('rule', '--unknown', 'first difference')] : []),
    ...(why.steps.length ? [entry('number', '--text', 'event of the strip')] : []), ...(data.odds.length ? [entry('line', '--bad', 'chance of this failure')] : []),
    el('label', {}, box, 'objects'));
}

function head() {
  const badge = document.getElementById('verdict');
  badge.textContent = about.verdict;
  badge.classList.add(about.verdict);
  document.getElementById('title').append(about.property ? el('code', {}, about.property) : 'every property held', ' ');
  document.getElementById('message').textContent = about.message || '';
  const pairs = [['shown', about.cut], ['not permitted', about.illegal ? 'some of the faults, by Kubernetes' : ''], ['subject', about.subject], ['scenario', about.scenario], ['seed', about.seed], ['reproduced', about.reproduced], ['hash', about.hash], ['version', about.version], ['generator', about.generator], ['replay', about.replay]];
  document.getElementById('about').append(...pairs.filter(p => p[1]).map(([k, v]) => el('div', {}, el('dt', {}, k), el('dd', {}, v))));
  document.getElementById('porcupine').hidden = !about.porcupine;
  for (const id of ['jump', 'violation']) {
    const button = document.getElementById(id);
    button.hidden = !about.culprit && !why.steps.length;
    button.addEventListener('click', goToViolation);
  }
  const flagged = document.getElementById('violation');
  flagged.textContent = about.property || 'violation';
  flagged.title = about.message || '';
  document.getElementById('help').addEventListener('click', () => document.getElementById('keys').showModal());
  document.getElementById('theme').addEventListener('click', () => keys.find(k => k[0] === 't')[2]());
  const names = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc' };
  document.getElementById('keys').append(el('h2', {}, 'Keys'), el('table', {}, ...keys.map(k => el('tr', {}, el('td', {}, el('kbd', {}, names[k[0]] || k[0])), el('td', {}, k[1])))), el('form', { method: 'dialog' }, el('button', {}, 'Close')));
}

const divider = document.getElementById('divider');
divider.addEventListener('pointerdown', e => divider.setPointerCapture(e.pointerId));
divider.addEventListener('pointermove', e => { if (e.buttons) { document.querySelector('aside').style.width = Math.min(Math.max(innerWidth - e.clientX, 260), innerWidth - 400) + 'px'; redraw(); } });

head();
strip();
document.documentElement.dataset.theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
setTheme(document.documentElement.dataset.theme);
openPane(data.explains ? 'Explanation' : 'Selected');
arrange();
readAddress();
new ResizeObserver(redraw).observe(scroller);
addEventListener('beforeprint', () => { setTheme('light'); draw(); });
performance.mark('seatrial-ready');
