import { api, shell, esc, money, $ } from '/js/app.js';

if (localStorage.getItem('role') !== 'owner') {
  location.href = '/dashboard.html';
}

shell();

const { perLocation, open, payroll } = await api('/reports/revenue');
const most = Math.max(...perLocation.map((p) => p.total), 1);
const total = perLocation.reduce((sum, p) => sum + p.total, 0);

const tiles = [['Booked revenue', total], ['Open invoices', open], ['Payroll per week', payroll]];
$('#tiles').innerHTML = tiles.map(([name, value]) => `<div class="card tile"><span>${name}</span><strong>${money(value)}</strong></div>`).join('');

$('#bars').innerHTML = perLocation.map((p) => `<div>
  <p><strong>${esc(p.location)}</strong> <span class="muted">${money(p.total)}</span></p>
  <div class="bar"><i style="width: ${(p.total / most) * 100}%"></i></div></div>`).join('');
