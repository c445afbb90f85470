function bins(n, k) {
  const sum = new Map(), stack = [n];
  while (stack.length) {
    const m = stack.pop();
    stack.push(...m.c);
    for (const [from, count] of (m.d && m.d[k]) || []) sum.set(from, (sum.get(from) || 0) + count);
  }
  return [...sum].sort((a, b) => a[0] - b[0]);
}
function charts() {
  $('charts').replaceChildren(...data.distributions.map((d, k) => {
    const box = make('figure'), all = bins(state.sel, k), most = Math.max(...all.map(b => b[1]), 1);
    box.style.margin = 0;
    box.append(make('h3', '', d.title), make('p', 'dim', (state.sel.t || state.sel.n) + (d.note ? '. ' + d.note : '')));
    if (!all.length) { box.append(make('p', 'dim', d.empty)); return box; }
    const bars = make('div', 'bars'), axis = make('div', 'axis');
    bars.setAttribute('role', 'img');
    bars.setAttribute('aria-label', all.map(b => 'from ' + format(d.unit, b[0]) + ': ' + format('count', b[1])).join(', '));
    for (const [from, count] of all) {
      const bar = make('i');
      bar.style.height = 100 * count / most + '%';
      bar.title = 'from ' + format(d.unit, from) + ': ' + format('count', count) + ' ' + d.what;
      bars.append(bar);
    }
    axis.append(make('span', '', format(d.unit, all[0][0])));
    if (all.length > 2) axis.append(make('span', '', format(d.unit, all[all.length >> 1][0])));
    if (all.length > 1) axis.append(make('span', '', format(d.unit, all[all.length - 1][0])));
    box.append(bars, axis);
    return box;
  }));
}
const shown = 50;
document.querySelectorAll('table.grid').forEach(table => {
  const body = table.tBodies[0], head = [...table.tHead.rows[0].cells];
  let all = false;
  const more = make('button', 'more-button', 'Show all ' + format('count', body.rows.length));
  const filter = make('input');
  const refresh = () => {
    let i = 0;
    const word = filter.value.toLowerCase();
    for (const row of body.rows) {
      row.hidden = !row.textContent.toLowerCase().includes(word);
      if (!row.hidden) row.classList.toggle('more', !all && ++i > shown);
    }
    more.hidden = all || i <= shown;
  };
  filter.type = 'search'; filter.placeholder = 'Filter'; filter.setAttribute('aria-label', 'Filter rows');
  filter.addEventListener('input', refresh);
  more.addEventListener('click', () => { all = true; refresh(); });
  if (body.rows.length > 8) table.before(filter);
  table.after(more);
  head.forEach((th, k) => {
    const button = make('button', '', th.textContent), numeric = th.classList.contains('num');
    th.replaceChildren(button);
    button.addEventListener('click', () => {
      const was = th.getAttribute('aria-sort'), up = was ? was === 'descending' : !numeric;
      head.forEach(h => h.removeAttribute('aria-sort'));
      th.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      const key = r => (numeric ? +r.cells[k].dataset.v : r.cells[k].textContent);
      const cmp = (a, b) => (numeric ? key(a) - key(b) : key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
      body.append(...[...body.rows].sort((a, b) => (up ? cmp(a, b) : cmp(b, a))));
      refresh();
    });
  });
  refresh();
});
document.querySelectorAll('tr[data-node],.card[data-node]').forEach(e => {
  const go = () => { zoom(nodes[e.dataset.node]); $('crumbs').scrollIntoView({ block: 'start' }); };
  e.tabIndex = 0;
  e.addEventListener('click', go);
  e.addEventListener('keydown', k => { if (k.key === 'Enter' && k.target === e) go(); });
});
addEventListener('resize', draw);
draw();
