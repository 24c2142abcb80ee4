// Shared helpers. Text reaches the page only as text: there is no innerHTML anywhere.

export const $ = (selector) => document.querySelector(selector);
export const money = (value) => `£${Number(value).toFixed(2)}`;
export const date = (value) => new Date(value).toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });

// The session is in a cookie that scripts cannot read; the browser adds it by itself.
export async function api(path, { method = 'GET', body } = {}) {
  const isForm = body instanceof FormData;
  const response = await fetch(`/api${path}`, {
    method,
    headers: body && !isForm ? { 'Content-Type': 'application/json' } : {},
    body: body && !isForm ? JSON.stringify(body) : body,
  });
  const data = await response.json();
  if (!response.ok) throw new Error(data.error || 'Something went wrong');
  return data;
}

export function el(tag, props = {}, ...children) {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

export const muted = (...children) => el('div', { className: 'muted' }, ...children);
export const strong = (text) => el('strong', {}, text);
export const pill = (text) => el('span', { className: `pill ${text}` }, text);
export const cell = (className, ...children) => el('td', { className }, ...children);
export const empty = (text) => el('tr', {}, cell('muted', text));
export const tile = ([name, value]) => el('div', { className: 'card tile' }, el('span', {}, name), strong(String(value)));

export function toast(text) {
  const box = el('div', { className: 'toast', role: 'status' }, text);
  document.body.append(box);
  setTimeout(() => box.remove(), 2500);
}

/** Sends a form with `send(fields)` and shows what went wrong below it. */
export function onSubmit(form, send) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const message = form.querySelector('.message');
    message.textContent = '';
    try {
      await send(Object.fromEntries(new FormData(form)));
    } catch (error) {
      message.textContent = error.message;
    }
  });
}
