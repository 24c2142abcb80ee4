import { api, el, money, date, muted, strong, pill, cell, empty, tile, $ } from '/js/http.js';
import { shell } from '/js/app.js';

const me = await shell();
const [appointments, invoices] = await Promise.all([api('/appointments'), api('/invoices')]);
const today = new Date().toISOString().slice(0, 10);
const upcoming = appointments.filter((a) => a.date >= today && a.status !== 'cancelled');
const open = invoices.filter((i) => !i.paid);

$('#hello').textContent = `Hello, ${me.name.split(' ')[0]}`;
$('#today').textContent = new Date().toLocaleDateString('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });

$('#tiles').replaceChildren(...[
  ['Today', appointments.filter((a) => a.date === today).length],
  ['Waiting for confirmation', upcoming.filter((a) => a.status === 'requested').length],
  ['Booked value', money(upcoming.reduce((sum, a) => sum + a.price, 0))],
  ['Open invoices', money(open.reduce((sum, i) => sum + i.total, 0))],
].map(tile));

const visit = (a) => el('tr', {},
  cell('nowrap', strong(a.time), muted(date(a.date))),
  cell('', a.customer, muted(`${a.service} · ${a.stylist}`)),
  cell('', pill(a.status)));

const bill = (i) => el('tr', {},
  cell('', el('a', { href: `/invoice.html?id=${i.id}` }, i.number), muted(i.customer?.name || 'Deleted customer')),
  cell('num', money(i.total), el('br'), pill(i.paid ? 'paid' : 'open')));

$('#upcoming').replaceChildren(...(upcoming.length ? upcoming.slice(0, 6).map(visit) : [empty('Nothing booked yet.')]));
$('#invoices').replaceChildren(...(invoices.length ? invoices.map(bill) : [empty('No invoices.')]));
