const data = JSON.parse(document.getElementById('data').textContent);
const $ = id => document.getElementById(id);
// Everything on the page is made here: text is only ever text.
function make(tag, cls, text) {
  const e = document.createElement(tag);
  if (cls) e.className = cls;
  if (text !== undefined) e.textContent = text;
  return e;
}
const digits = v => (Math.abs(v) < 9.995 ? 2 : Math.abs(v) < 99.95 ? 1 : 0);
const group = v => String(Math.round(v)).replace(/\B(?=(\d{3})+$)/g, '\u202f');
function format(unit, v) {
  if (unit === 'bytes') {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
    let i = 0;
    while (Math.abs(v) >= 999.5 && i < 5) { v /= 1024; i++; }
    return v.toFixed(i ? digits(v) : 0) + '\u00a0' + units[i];
  }
  if (unit === 'share') return v && Math.abs(v) < .001 ? '<\u00a00.1\u00a0%' : (v * 100).toFixed(v ? 1 : 0) + '\u00a0%';
  if (unit === 'seconds') {
    for (const [size, name] of [[31557600, 'years'], [86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']])
      if (v >= size) return (v / size).toFixed(1).replace('.0', '') + '\u00a0' + name;
    return group(v * 1000) + '\u00a0ms';
  }
  return group(v);
}
const nodes = data.nodes;
nodes.forEach((n, i) => { n.i = i; n.c = []; if (n.p >= 0) nodes[n.p].c.push(n); });
nodes.forEach(n => { n.family = n.p < 0 ? -1 : n.p === 0 ? nodes[0].c.indexOf(n) : nodes[n.p].family; });
const state = { focus: nodes[0], sel: nodes[0], measure: 0, colour: data.colour, icicle: false };
const dark = matchMedia('(prefers-color-scheme: dark)');
const setTheme = t => { document.documentElement.dataset.theme = t; };
setTheme(dark.matches ? 'dark' : 'light');
dark.addEventListener('change', () => setTheme(dark.matches ? 'dark' : 'light'));
$('theme').addEventListener('click', () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'));
let printed;
addEventListener('beforeprint', () => { printed = document.documentElement.dataset.theme; setTheme('light'); });
addEventListener('afterprint', () => setTheme(printed));
