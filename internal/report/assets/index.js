// The page over many failures: what is looked for, what is copied, how far a sweep is.
document.documentElement.dataset.theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';

const filter = document.getElementById('filter'), found = document.getElementById('found');
const sections = [...document.querySelectorAll('section.group')], choices = [...document.querySelectorAll('.tools button[data-choice]')];

// show leaves what has all words of the filter, in its group or in its own row, and is of
// a chosen kind, if one is. The address holds both.
function show() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const only = choices.filter(b => b.getAttribute('aria-pressed') === 'true').map(b => b.dataset.choice);
  let rows = 0;
  for (const section of sections) {
    const head = section.querySelector('h2').textContent.toLowerCase();
    const kind = !only.length || only.some(o => section.dataset.kinds.split(' ').includes(o));
    let left = 0;
    for (const row of section.querySelectorAll('tr.case')) {
      const text = head + ' ' + row.textContent.toLowerCase();
      row.hidden = !kind || !words.every(w => text.includes(w));
      if (!row.hidden) left++;
    }
    for (const cause of section.querySelectorAll('.one-cause')) cause.hidden = ![...cause.querySelectorAll('tr.case')].some(row => !row.hidden);
    section.hidden = !left;
    rows += left;
  }
  found.textContent = words.length || only.length ? rows + ' of ' + document.querySelectorAll('tr.case').length : '';
  const address = new URLSearchParams();
  if (filter.value) address.set('f', filter.value);
  if (only.length) address.set('k', only.join(' '));
  history.replaceState(null, '', `${address}` ? '#' + address : location.pathname + location.search);
}

if (filter) {
  const address = new URLSearchParams(location.hash.slice(1));
  filter.value = address.get('f') || '';
  for (const button of choices) {
    button.setAttribute('aria-pressed', (address.get('k') || '').split(' ').includes(button.dataset.choice));
    button.addEventListener('click', () => { button.setAttribute('aria-pressed', button.getAttribute('aria-pressed') !== 'true'); show(); });
  }
  filter.addEventListener('input', show);
  addEventListener('keydown', e => { if (e.key === '/' && document.activeElement !== filter) { e.preventDefault(); filter.focus(); } });
  if (location.hash) show();
}

// Copying needs a secure page, which a file is not everywhere: then the text is selected.
async function copy(button) {
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = Object.assign(document.createElement('textarea'), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
    button.focus();
  }
  const was = button.textContent;
  button.textContent = 'copied';
  setTimeout(() => { button.textContent = was; }, 1200);
}
for (const button of document.querySelectorAll('button[data-copy]')) button.addEventListener('click', () => copy(button));

// A sweep that goes on is asked for how far it is; more failures are another page.
const live = document.getElementById('live');
if (live) {
  const began = { at: performance.now(), done: +live.dataset.done };
  setInterval(async () => {
    let now;
    try { now = await (await fetch(live.dataset.path)).json(); } catch { return; }
    if (now.failures !== +live.dataset.failures || now.ended) { location.reload(); return; }
    const rate = (now.done - began.done) / (performance.now() - began.at) * 1000;
    const left = now.total && rate > 0 ? ', ' + Math.round((now.total - now.done) / rate) + ' s left' : '';
    live.querySelector('span').textContent = `${now.done}${now.total ? ' of ' + now.total : ''} runs, ${rate.toFixed(1)}/s, ${now.failures} failures, ${now.covered} covered${left}`;
    if (now.total) Object.assign(live.querySelector('progress'), { max: now.total, value: now.done });
  }, 1000);
}
