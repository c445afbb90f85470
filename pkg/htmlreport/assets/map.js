// Squarified treemap (Bruls, Huizing, van Wijk 2000): rows are filled along the
// shorter side for as long as that makes their worst aspect ratio better.
function squarify(items, x, y, w, h) {
  const total = items.reduce((s, n) => s + n.v[state.measure], 0), out = [];
  let rest = items.filter(n => n.v[state.measure] > 0).sort((a, b) => b.v[state.measure] - a.v[state.measure]);
  const scale = total > 0 ? w * h / total : 0;
  while (rest.length) {
    const side = Math.min(w, h);
    let sum = 0, best = Infinity, k = 0;
    for (; k < rest.length; k++) {
      const s = sum + rest[k].v[state.measure] * scale;
      const worst = Math.max(side * side * rest[0].v[state.measure] * scale / (s * s), s * s / (side * side * rest[k].v[state.measure] * scale));
      if (worst > best) break;
      best = worst; sum = s;
    }
    k = Math.max(k, 1);
    const depth = side > 0 ? sum / side : 0;
    let at = w >= h ? y : x;
    for (const n of rest.slice(0, k)) {
      const length = depth > 0 ? n.v[state.measure] * scale / depth : 0;
      out.push(w >= h ? [n, x, at, depth, length] : [n, at, y, length, depth]);
      at += length;
    }
    if (w >= h) { x += depth; w -= depth; } else { y += depth; h -= depth; }
    rest = rest.slice(k);
  }
  return out;
}
function slices(n, x, y, h, width, levels, out) {
  out.push([n, x, y, width, h]);
  const total = n.v[state.measure];
  if (!levels || !total) return out;
  for (const c of [...n.c].sort((a, b) => b.v[state.measure] - a.v[state.measure])) {
    const part = h * c.v[state.measure] / total;
    if (part >= .5) slices(c, x + width, y, part, width, levels - 1, out);
    y += part;
  }
  return out;
}
function ratio(n) { const r = n.r[state.colour]; return r[1] > 0 ? r[0] / r[1] : NaN; }
function colour(n) {
  if (n.x || n.p < 0) return 'var(--rest)';
  if (state.colour < 0) return 'var(--c' + n.family % 8 + ')';
  const { log, loss } = data.ratios[state.colour], f = v => (log ? Math.log(Math.max(v, 1)) : v);
  const all = nodes.filter(m => !m.c.length).map(ratio).filter(v => !isNaN(v)).map(f);
  const lo = log ? Math.min(...all) : 0, hi = log ? Math.max(...all) : 1, v = ratio(n);
  return isNaN(v) ? 'var(--rest)' : 'var(--' + (loss ? 'l' : 's') + Math.min(4, Math.floor(5 * (f(v) - lo) / ((hi - lo) || 1))) + ')';
}
function describe(n) {
  const lines = [(n.t || n.n) + (n.m ? ' \u2013 ' + n.m : '')];
  data.measures.forEach((m, k) => lines.push(m.label + ': ' + format(m.unit, n.v[k]) + (n.e[k] ? ' ± ' + format(m.unit, n.e[k]) : '') +
    ' (' + format('share', n.v[k] / (nodes[0].v[k] || 1)) + ')'));
  data.ratios.forEach((r, k) => { if (n.r[k][1] > 0) lines.push(r.label + ': ' + format(r.unit, n.r[k][0] / n.r[k][1])); });
  return lines.join('\n');
}
const map = $('map'), tip = $('tip');
function place(e, x, y, w, h) { Object.assign(e.style, { left: x + 'px', top: y + 'px', width: w + 'px', height: h + 'px' }); }
function tile(n, x, y, w, h, tab) {
  const e = make('div', 'tile' + (n === state.sel && n !== state.focus ? ' on' : '') + (n.m ? ' marked' : ''));
  place(e, x, y, w, h);
  e.style.background = colour(n);
  e.dataset.node = n.i; e.tabIndex = tab;
  e.setAttribute('role', 'button'); e.setAttribute('aria-label', describe(n));
  if (w > 44 && h > 20) e.append(make('span', '', n.n));
  if (n.m && w > 60 && h > 58) e.append(make('span', '', n.m));
  if (w > 60 && h > 40) e.append(make('span', '', format(data.measures[state.measure].unit, n.v[state.measure])));
  map.append(e);
  return e;
}
function draw() {
  map.replaceChildren();
  const w = map.clientWidth, h = map.clientHeight, focus = state.focus;
  if (state.icicle) {
    const depth = n => 1 + Math.max(0, ...n.c.map(depth)), levels = Math.min(w < 600 ? 2 : 3, depth(focus) - 1);
    slices(focus, 0, 0, h, w / (levels + 1), levels, []).forEach(([n, ...box], i) => tile(n, ...box, i ? -1 : 0));
  } else squarify(focus.c.length ? focus.c : [focus], 0, 0, w, h).forEach(([n, x, y, tw, th], i) => {
    const e = tile(n, x, y, tw, th, i ? -1 : 0);
    if (n.c.length < 2 || tw * th < 2500) return;
    squarify(n.c, 0, 0, tw, th).forEach(([c, ix, iy, iw, ih], k) => {
      const inner = make('div', 'tile inner' + (k % 2 ? ' shade' : '') + (c.m ? ' marked' : ''));
      place(inner, ix, iy, iw, ih);
      if (data.ratios[state.colour]?.loss) inner.style.backgroundColor = colour(c);
      if (iw > 60 && ih > 62) inner.append(make('span', '', c.n));
      e.append(inner);
    });
  });
  const trail = [];
  for (let n = state.sel; n; n = nodes[n.p]) trail.unshift(n);
  $('crumbs').replaceChildren(...trail.map(n => { const b = make('button', '', n.n); b.dataset.node = n.i; return b; }));
  $('status').textContent = describe(state.sel).split('\n').slice(1).join(' · ');
  if (typeof charts === 'function') charts();
}
function zoom(n) {
  state.sel = n;
  state.focus = n.c.length || n.p < 0 ? n : nodes[n.p];
  tip.hidden = true;
  draw();
}
function back() { const n = nodes[state.sel.p]; if (n) { zoom(n); map.querySelector('.tile')?.focus(); } }
const target = e => { const t = e.target.closest('[data-node]'); return t && nodes[t.dataset.node]; };
map.addEventListener('click', e => { const n = target(e); if (n) n === state.focus ? back() : zoom(n); });
$('crumbs').addEventListener('click', e => { const n = target(e); if (n) zoom(n); });
map.addEventListener('pointermove', e => {
  const n = target(e);
  if (!n) return;
  tip.textContent = describe(n); tip.hidden = false;
  tip.style.left = Math.max(4, Math.min(e.clientX + 14, innerWidth - tip.offsetWidth - 8)) + 'px';
  tip.style.top = Math.min(e.clientY + 16, innerHeight - tip.offsetHeight - 8) + 'px';
});
map.addEventListener('pointerleave', () => { tip.hidden = true; });
map.addEventListener('keydown', e => {
  const all = [...map.querySelectorAll('[data-node]')], i = all.indexOf(document.activeElement);
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
  if (step) { all[Math.max(0, Math.min(all.length - 1, i + step))].focus(); e.preventDefault(); }
  if ((e.key === 'Enter' || e.key === ' ') && i >= 0) { zoom(nodes[all[i].dataset.node]); map.querySelector('.tile')?.focus(); e.preventDefault(); }
});
document.addEventListener('keydown', e => { if (e.key === 'Escape') back(); });
function choice(label, options, pick, at) {
  const select = make('select');
  select.setAttribute('aria-label', label);
  options.forEach(([text, value]) => { const o = make('option', '', text); o.value = value; select.append(o); });
  select.value = at;
  select.addEventListener('change', () => { pick(+select.value); draw(); });
  $('tools').append(select);
}
const kind = make('button', '', 'Icicle');
kind.id = 'kind';
kind.setAttribute('aria-pressed', 'false');
kind.addEventListener('click', () => { state.icicle = !state.icicle; kind.setAttribute('aria-pressed', state.icicle); draw(); });
$('tools').append(kind);
choice('Area', data.measures.map((m, i) => ['Area: ' + m.label, i]), v => { state.measure = v; }, state.measure);
choice('Colour', [['Colour: branch', -1], ...data.ratios.map((r, i) => ['Colour: ' + r.label, i])], v => { state.colour = v; }, state.colour);
