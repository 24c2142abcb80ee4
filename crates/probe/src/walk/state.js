// What a page is and shows. Runs in a world of its own.
(() => {
  const entries = area => { try { return Object.entries(area).slice(0, 100).map(([k, v]) => [k.slice(0, 200), String(v).slice(0, 5000)]); } catch { return []; } };
  const shown = element => { const box = element.getBoundingClientRect(); return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility !== 'hidden'; };
  return {
    path: location.pathname + location.search,
    hash: location.hash.slice(0, 300),
    text: (document.body?.innerText || '').slice(0, 40000),
    password: [...document.querySelectorAll('input[type=password]')].some(shown),
    local: (() => { try { return entries(localStorage); } catch { return []; } })(),
    session: (() => { try { return entries(sessionStorage); } catch { return []; } })(),
    links: [...document.querySelectorAll('a[href]')].slice(0, 200).map(a => a.href.slice(0, 500)),
  };
})()
