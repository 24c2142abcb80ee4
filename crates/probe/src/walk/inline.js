// Whether a script that is slipped into the page runs. It marks the document and does nothing else, and both are taken out
// again.
(() => {
  const mark = 'data-plimsoll-ran';
  const root = document.documentElement;
  const script = document.createElement('script');
  script.textContent = `document.documentElement.setAttribute('${mark}', '')`;
  root.append(script);
  const ran = root.hasAttribute(mark);
  script.remove();
  root.removeAttribute(mark);
  return ran;
})()
