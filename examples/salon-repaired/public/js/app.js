import { api, el, $ } from '/js/http.js';

const LINKS = [
  ['/dashboard.html', 'Dashboard', ['owner', 'stylist', 'customer']],
  ['/appointments.html', 'Appointments', ['owner', 'stylist', 'customer']],
  ['/customers.html', 'Customers', ['owner', 'stylist']],
  ['/admin.html', 'Team and wages', ['owner']],
  ['/reports.html', 'Reports', ['owner']],
  ['/profile.html', 'My details', ['owner', 'stylist', 'customer']],
];

/** Draws the menu and answers who is signed in. What a person may do is decided by the server; this is only the menu. */
export async function shell() {
  const me = await api('/auth/me').catch(() => location.replace('/'));
  const links = LINKS.filter(([, , roles]) => roles.includes(me.role)).map(([href, title]) =>
    el('a', { href, className: location.pathname === href ? 'active' : '' }, title));
  const signOut = async () => {
    await api('/auth/logout', { method: 'POST' });
    location.replace('/');
  };
  $('#sidebar').replaceChildren(
    el('a', { className: 'brand', href: '/dashboard.html' }, 'Salon Lumen'),
    el('nav', {}, ...links),
    el('div', { className: 'whoami' },
      el('div', {}, me.name, el('small', {}, me.role)),
      el('button', { onclick: signOut }, 'Sign out')),
  );
  return me;
}
