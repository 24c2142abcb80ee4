// Before a picture is taken: what could be somebody's data is replaced in the document itself, so that no picture can be
// sharpened back into it. Headings, labels and buttons stay, because they say what page this is.
(() => {
  const personal = /[\w.+-]+@[\w-]+\.[\w.-]+|\+?\d[\d ()\/.-]{5,}\d|\b[A-Z]{2}\d{2}[A-Z0-9 ]{10,}/;
  const stays = new Set(['H1', 'H2', 'H3', 'LABEL', 'BUTTON', 'TH', 'NAV', 'LEGEND', 'SUMMARY', 'TITLE']);
  const kept = node => { for (let e = node.parentElement; e; e = e.parentElement) if (stays.has(e.tagName)) return true; return false; };
  const mask = text => text.replace(/\p{Lu}/gu, 'X').replace(/\p{L}/gu, 'x').replace(/\p{N}/gu, '0');
  // Of data that a browser shows as text, the names of fields stay: they say what is given away.
  const shape = (value, depth) => {
    if (typeof value === 'string') return mask(value);
    if (typeof value === 'number') return 0;
    if (depth > 6 || value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.slice(0, 20).map(one => shape(one, depth + 1));
    const fields = Object.entries(value).slice(0, 60);
    return Object.fromEntries(fields.map(([name, one]) => [/^[A-Za-z_][\w -]{0,39}$/.test(name) ? name : mask(name), shape(one, depth + 1)]));
  };
  const data = text => { try { return /^\s*[\[{]/.test(text) ? JSON.stringify(shape(JSON.parse(text), 0), null, 2) : null; } catch { return null; } };
  let replaced = 0;
  const walk = root => {
    const nodes = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (nodes.nextNode()) texts.push(nodes.currentNode);
    for (const node of texts) {
      const text = node.data;
      if (!text.trim() || node.parentElement?.closest('script,style')) continue;
      const fields = node.parentElement?.tagName === 'PRE' ? data(text) : null;
      if (fields !== null) { node.data = fields; replaced++; continue; }
      if (kept(node) && !personal.test(text)) continue;
      node.data = mask(text);
      if (node.parentElement) node.parentElement.style.filter = 'blur(2px)';
      replaced++;
    }
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) walk(element.shadowRoot);
      if (/^(IMG|CANVAS|VIDEO|OBJECT|EMBED|IFRAME|PICTURE)$/.test(element.tagName)) element.style.filter = 'blur(16px)';
      if (element.tagName === 'INPUT' || element.tagName === 'TEXTAREA') {
        if (element.value) { try { element.value = mask(element.value); } catch { element.style.filter = 'blur(6px)'; } replaced++; }
        if (element.placeholder && personal.test(element.placeholder)) element.placeholder = mask(element.placeholder);
      }
      if (element.tagName === 'SELECT') element.style.filter = 'blur(4px)';
    }
  };
  walk(document);
  return replaced;
})()
