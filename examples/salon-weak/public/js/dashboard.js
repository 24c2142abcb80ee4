import { api, me, shell, esc, money, date, $ } from '/js/app.js';

shell();

const [appointments, invoices] = await Promise.all([api('/appointments'), api('/invoices')]);
const today = new Date().toISOString().slice(0, 10);
const upcoming = appointments.filter((a) => a.date >= today && a.status !== 'cancelled');
const open = invoices.filter((i) => !i.paid);

$('#hello').textContent = `Hello, ${me.name.split(' ')[0]}`;
$('#today').textContent = new Date().toLocaleDateString('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });

const tiles = [
  ['Today', appointments.filter((a) => a.date === today).length],
  ['Waiting for confirmation', upcoming.filter((a) => a.status === 'requested').length],
  ['Booked value', money(upcoming.reduce((sum, a) => sum + a.price, 0))],
  ['Open invoices', money(open.reduce((sum, i) => sum + i.total, 0))],
];
$('#tiles').innerHTML = tiles.map(([name, value]) => `<div class="card tile"><span>${name}</span><strong>${value}</strong></div>`).join('');

$('#upcoming').innerHTML = upcoming.slice(0, 6).map((a) => `<tr>
  <td class="nowrap"><strong>${esc(a.time)}</strong><br><span class="muted">${date(a.date)}</span></td>
  <td>${esc(a.customer)}<br><span class="muted">${esc(a.service)} · ${esc(a.stylist)}</span></td>
  <td><span class="pill ${esc(a.status)}">${esc(a.status)}</span></td></tr>`).join('') || '<tr><td class="muted">Nothing booked yet.</td></tr>';

$('#invoices').innerHTML = invoices.map((i) => `<tr>
  <td><a href="/invoice.html?id=${i.id}">${esc(i.number)}</a><br><span class="muted">${esc(i.customer?.name)}</span></td>
  <td class="num">${money(i.total)}<br><span class="pill ${i.paid ? 'paid' : 'open'}">${i.paid ? 'paid' : 'open'}</span></td></tr>`).join('') || '<tr><td class="muted">No invoices.</td></tr>';
