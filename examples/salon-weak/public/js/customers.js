import { api, shell, $ } from '/js/app.js';

shell();

async function load() {
  const customers = await api(`/customers?q=${encodeURIComponent($('#search').value)}`);
  $('#rows').innerHTML = customers.map((c) => `
    <tr>
      <td><strong>${c.name}</strong></td>
      <td>${c.email}<br><span class="muted">${c.phone}</span></td>
      <td class="nowrap">${c.birthday || '–'}</td>
      <td class="nowrap">${c.location}</td>
      <td>${c.notes || '<span class="muted">–</span>'}</td>
    </tr>`).join('');
}

$('#search').addEventListener('input', load);
load();
