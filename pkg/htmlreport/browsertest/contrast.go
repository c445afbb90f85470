package browsertest

// Contrast lists, as JSON, texts that stand out less than WCAG 2.2 AA asks for: 4.5
// times, or 3 if they are large. "[]" is what a test wants.
const Contrast = `(() => {
	const parse = c => (c.match(/[\d.]+/g) || []).map(Number);
	const lum = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
	const over = (top, below) => { const a = top[3] ?? 1; return [0, 1, 2].map(i => top[i] * a + below[i] * (1 - a)); };
	const behind = e => {
		if (!e) return [255, 255, 255];
		const c = parse(getComputedStyle(e).backgroundColor);
		return c.length && (c[3] ?? 1) > 0 ? (c[3] ?? 1) < 1 ? over(c, behind(e.parentElement)) : c : behind(e.parentElement);
	};
	const bad = new Set();
	let looked = 0;
	for (const e of document.querySelectorAll('body *')) {
		if (!e.checkVisibility() || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
		looked++;
		const style = getComputedStyle(e), size = parseFloat(style.fontSize), back = behind(e);
		const [a, b] = [lum(over(parse(style.color), back)), lum(back)].sort((x, y) => y - x);
		const ratio = (a + .05) / (b + .05);
		if (ratio < (size >= 24 || size >= 18.66 && style.fontWeight >= 700 ? 3 : 4.5)) bad.add(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2) + ' ' + e.textContent.slice(0, 20));
	}
	return looked < 50 ? 'only ' + looked + ' texts' : JSON.stringify([...bad].slice(0, 12));
})()`
