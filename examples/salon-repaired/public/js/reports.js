import { api, el, money, muted, strong, tile, $ } from '/js/http.js';
import { shell } from '/js/app.js';

const me = await shell();
if (me.role !== 'owner') location.replace('/dashboard.html');

const { perLocation, open, payroll } = await api('/reports/revenue');
const most = Math.max(...perLocation.map((p) => p.total), 1);
const total = perLocation.reduce((sum, p) => sum + p.total, 0);

$('#tiles').replaceChildren(...[['Booked revenue', money(total)], ['Open invoices', money(open)], ['Payroll per week', money(payroll)]].map(tile));

$('#bars').replaceChildren(...perLocation.map((p) => {
  const fill = el('i');
  fill.style.width = `${(p.total / most) * 100}%`;
  return el('div', {}, strong(p.location), muted(money(p.total)), el('div', { className: 'bar' }, fill));
}));
