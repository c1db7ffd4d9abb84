// The strip: why it failed, as three to five events and one sentence; and the
// address of the page, which holds what is selected, pinned and in view.

const kindNames = { fault: 'fault', death: 'killed', change: 'change', told: 'told', known: 'last read', decision: 'decides', broken: 'breaks the law' };

function strip() {
  const section = document.getElementById('why');
  section.hidden = !why.steps.length;
  if (section.hidden) return;
  document.getElementById('sentence').textContent = why.sentence ? why.sentence + '.' : '';
  document.getElementById('strip').append(...why.steps.map((step, i) => {
    const since = i ? '+' + brief(step.at - why.steps[i - 1].at) : '';
    return el('li', { class: 'step ' + step.kind },
      el('button', { type: 'button', 'aria-label': `${i + 1}: ${kindNames[step.kind]}: ${step.text}`, onclick: () => goToStep(step) },
        el('span', { class: 'top' }, el('b', {}, String(i + 1)), el('em', {}, kindNames[step.kind]), el('time', {}, duration(Math.round(step.at / 1e5) * 1e5)), el('small', {}, since)),
        el('span', { class: 'what', dir: 'auto' }, step.text)));
  }));
}

function goToStep(step) {
  if (step.at < view.from || step.at > view.until) frameStory();
  if (step.thing) select(step.thing, true);
  else zoomTo(step.at - 1e9, step.at + 1e9, true);
}

// frameStory shows exactly the events of the strip, the cause included.
function frameStory() {
  const times = why.steps.map(s => s.at), from = Math.min(...times), until = Math.max(...times);
  const span = Math.max(until - from, 2e6);
  zoomTo(from - span * .08, until + span * .12, true);
}

// revealStory scrolls to where the steps are, the last of them in any case.
function revealStory() {
  const laned = why.steps.map(s => s.thing && s.thing.lane).filter(l => l && !l.hidden);
  if (!laned.length) return;
  const first = Math.min(...laned.map(l => l.top)), last = Math.max(...laned.map(l => l.top + l.height)), room = scroller.clientHeight - axisHeight;
  if (first < scroller.scrollTop || last > scroller.scrollTop + room) scroller.scrollTop = last - first > room ? last - room + 8 : Math.max(0, first - 20);
}

// The hash: s=SELECTED&p=PINNED,PINNED&w=FROM-UNTIL. Things are named by their event,
// or by their place in the page when they have none.
const nameOf = t => t.seq ? 'e' + t.seq : 'i' + t.index;
const named = name => name[0] === 'e' ? thingAtEvent(Number(name.slice(1))) : things[Number(name.slice(1))];

let writing = 0;
function keepAddress() {
  clearTimeout(writing);
  writing = setTimeout(() => {
    const parts = [];
    if (view.selected) parts.push('s=' + nameOf(view.selected));
    if (view.pins.size) parts.push('p=' + [...view.pins].map(nameOf).join(','));
    parts.push(`w=${Math.round(view.from)}-${Math.round(view.until)}`);
    const address = '#' + parts.join('&');
    if (address !== location.hash) history.replaceState(null, '', address);
  }, 150);
}

// readAddress does what the hash says; false when it says nothing.
function readAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const window = /^(-?\d+)-(\d+)$/.exec(asked.get('w') || '');
  for (const name of (asked.get('p') || '').split(',').filter(Boolean)) { const t = named(name); if (t) view.pins.add(t); }
  const t = asked.get('s') && named(asked.get('s'));
  if (window) zoomTo(Number(window[1]), Number(window[2]));
  if (t) select(t, !window);
  return !!(window || t);
}
addEventListener('hashchange', readAddress);

function togglePin(t) {
  if (!t) return;
  if (!view.pins.delete(t)) view.pins.add(t);
  openPane('Selected');
  keepAddress();
  redraw();
}
