// Whether a program that is slipped into the page as markup runs: the handler of an element, as text in a name or comment
// would bring it. It marks the document and does nothing else, and both are taken out again.
(() => {
  const mark = 'data-plimsoll-ran';
  const root = document.documentElement;
  const slipped = document.createElement('i');
  slipped.setAttribute('onclick', `document.documentElement.setAttribute('${mark}', '')`);
  slipped.hidden = true;
  root.append(slipped);
  slipped.click();
  const ran = root.hasAttribute(mark);
  slipped.remove();
  root.removeAttribute(mark);
  return ran;
})()
