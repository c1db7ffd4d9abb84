'use strict';
// Things in words.

// describe is a thing in one line; it is also what search looks at.
function describe(t) {
  const c = t.call;
  switch (t.type) {
    case 'call': return `${c.actor}-${c.life} ${c.verb} ${c.resource} ${c.object || ''} ${outcomeText(c)}`.replace(/  +/g, ' ');
    case 'arrival': return `${c.verb} ${c.resource} ${c.object || ''} of ${c.actor}-${c.life} reaches API server ${c.server}`.replace(/  +/g, ' ');
    case 'frame': return `watch event ${t.frame.type} ${t.frame.object || ''} to ${c.actor}-${c.life} (${c.resource}${t.frame.revision ? ', revision ' + t.frame.revision % apart : ''})`;
    case 'commit': return `revision ${t.commit.revision % apart}: ${t.commit.actor || 'the server'} ${!t.commit.old ? 'created' : !t.commit.new ? 'removed' : 'updated'} ${t.commit.resource} ${t.commit.object}${whose(t.commit.object)}`;
    case 'hit': return `${t.rule.kind} (${t.rule.id})${c ? ' hits ' + describe({ type: 'call', call: c }) : ''}`;
    case 'rule': return `${t.rule.kind} ${t.rule.id}: ${t.rule.text || 'no conditions'}`;
    case 'start': return `${t.actor.name}-${t.life.number} starts`;
    case 'crash': return `${t.actor.name}-${t.life.number} is killed`;
    case 'hold': return `${t.owner.name} has ${t.hold.ip} by ${t.hold.via}`;
    case 'work': return `${t.actor.name} works on ${t.work.key || 'something'}: ${t.work.calls.length} calls`;
    case 'odds': return `${t.odds.failed} of ${t.odds.runs} runs fail in the same way when all after this is drawn anew`;
    case 'log': return `${t.line.actor}: ${t.line.text}`;
  }
  return '';
}

// whose tells generated names apart by the object that they belong to.
const whose = object => belongs[object] && !object.includes(belongs[object]) ? ` of ${belongs[object]}` : '';

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

// brief is a span that is read at a glance.
function brief(ns) {
  const units = [[60e9, 'm'], [1e9, 's'], [1e6, 'ms'], [1e3, 'µs']];
  for (const [size, name] of units) if (ns >= size) return (ns / size).toPrecision(ns / size >= 100 ? 3 : 2).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '') + name;
  return '0';
}
