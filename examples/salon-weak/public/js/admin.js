import { api, shell, esc, money, toast, $ } from '/js/app.js';

// Only the owner may see this page 🔐
if (localStorage.getItem('role') !== 'owner') {
  location.href = '/dashboard.html';
}

shell();

async function load() {
  const staff = await api('/admin/staff');
  $('#rows').innerHTML = staff.map((s) => `
    <tr data-id="${s.id}">
      <td><strong>${esc(s.name)}</strong><br><span class="muted">${esc(s.position)}</span></td>
      <td class="nowrap">${esc(s.location)}</td>
      <td class="nowrap">${esc(s.bankAccount)}</td>
      <td class="num"><input name="hourlyWage" type="number" step="0.1" value="${s.hourlyWage}" aria-label="Hourly wage"></td>
      <td class="num"><input name="hoursPerWeek" type="number" value="${s.hoursPerWeek}" aria-label="Hours per week"></td>
      <td class="num">${money(s.hourlyWage * s.hoursPerWeek)}</td>
      <td><button class="small quiet">Save</button></td>
    </tr>`).join('');
  const users = await api('/admin/users');
  $('#users').innerHTML = users.map((u) => `<tr><td>${esc(u.name)}</td><td>${esc(u.email)}</td><td><span class="pill">${esc(u.role)}</span></td></tr>`).join('');
}

$('#rows').addEventListener('click', async (event) => {
  if (event.target.tagName !== 'BUTTON') return;
  const row = event.target.closest('tr');
  const body = Object.fromEntries([...row.querySelectorAll('input')].map((i) => [i.name, i.value]));
  await api(`/admin/staff/${row.dataset.id}`, { method: 'PUT', body });
  toast('Saved');
  load();
});

load();
