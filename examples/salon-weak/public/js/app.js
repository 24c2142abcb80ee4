// Shared helpers for all pages

export const me = JSON.parse(localStorage.getItem('user') || 'null');

export async function api(path, options = {}) {
  const headers = { Authorization: `Bearer ${localStorage.getItem('token')}` };
  let { body } = options;
  if (body && !(body instanceof FormData)) {
    headers['Content-Type'] = 'application/json';
    body = JSON.stringify(body);
  }
  const response = await fetch(`/api${path}`, { ...options, headers, body });
  const data = await response.json();
  if (!response.ok) throw new Error(data.error || 'Something went wrong');
  return data;
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
export const esc = (value) => String(value ?? '').replace(/[&<>"']/g, (c) => ENTITIES[c]);
export const $ = (selector) => document.querySelector(selector);
export const money = (value) => `£${Number(value).toFixed(2)}`;
export const date = (value) => new Date(value).toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });

export function toast(text) {
  const box = document.createElement('div');
  box.className = 'toast';
  box.textContent = text;
  document.body.append(box);
  setTimeout(() => box.remove(), 2500);
}

const LINKS = [
  ['dashboard', 'Dashboard', ['owner', 'stylist', 'customer']],
  ['appointments', 'Appointments', ['owner', 'stylist', 'customer']],
  ['customers', 'Customers', ['owner', 'stylist']],
  ['profile', 'My details', ['customer']],
  ['admin', 'Team and wages', ['owner']],
  ['reports', 'Reports', ['owner']],
];

export function shell() {
  if (!me) {
    location.href = `/?next=${encodeURIComponent(location.pathname + location.search)}`;
    return;
  }
  const links = LINKS.filter(([, , roles]) => roles.includes(me.role)).map(([page, title]) =>
    `<a href="/${page}.html" class="${location.pathname === `/${page}.html` ? 'active' : ''}">${title}</a>`);
  $('#sidebar').innerHTML = `
    <a class="brand" href="/dashboard.html">Salon Lumen</a>
    <nav>${links.join('')}</nav>
    <div class="whoami"><div>${esc(me.name)}<small>${esc(me.role)}</small></div><button id="logout">Sign out</button></div>`;
  $('#logout').onclick = async () => {
    await api('/auth/logout', { method: 'POST' });
    localStorage.clear();
    location.href = '/';
  };
}
