import { api, me, shell, esc, money, date, toast, $ } from '/js/app.js';
import { HOURLY_WAGES, estimate } from '/js/pricing.js';

shell();

const isStaff = me.role !== 'customer';
const form = $('#new');
const options = (list) => list.map(([value, text]) => `<option value="${esc(value)}">${esc(text)}</option>`).join('');

async function load() {
  const rows = await api(`/appointments?sort=${$('#sort').value}`);
  $('#rows').innerHTML = rows.map((a) => `
    <tr>
      <td class="nowrap"><strong>${esc(a.time)}</strong><br><span class="muted">${date(a.date)}</span></td>
      <td>${esc(a.customer)}<br><span class="muted">${esc(a.service)} · ${esc(a.stylist)} · ${esc(a.location)}</span><br><em>${esc(a.wishes)}</em></td>
      <td><span class="pill ${esc(a.status)}">${esc(a.status)}</span>
        ${isStaff && a.status === 'requested' ? `<br><br><button class="small quiet" data-confirm="${a.id}">Confirm</button>` : ''}</td>
      <td>${a.photos.map((p) => `<a href="${esc(p.url)}" target="_blank">${esc(p.title)}</a>`).join('<br>')}
        <button class="small quiet" data-upload="${a.id}">Add photo</button></td>
    </tr>`).join('');
}

$('#rows').addEventListener('click', (event) => {
  const { confirm, upload } = event.target.dataset;
  if (confirm) api(`/appointments/${confirm}`, { method: 'PATCH', body: { status: 'confirmed' } }).then(load);
  if (!upload) return;
  const picker = Object.assign(document.createElement('input'), { type: 'file', accept: 'image/*' });
  picker.onchange = async () => {
    const body = new FormData();
    body.append('photo', picker.files[0]);
    body.append('appointmentId', upload);
    await api('/photos', { method: 'POST', body });
    toast('Photo added');
    load();
  };
  picker.click();
});

const { services, locations } = await api('/public/services');
form.serviceId.innerHTML = options(services.map((s) => [s.id, s.name]));
form.stylist.innerHTML = options(Object.keys(HOURLY_WAGES).map((name) => [name, name]));
form.location.innerHTML = options(locations.map((l) => [l, l]));
if (isStaff) {
  $('#customer-field').classList.remove('hidden');
  form.customerId.innerHTML = options((await api('/customers')).map((c) => [c.id, c.name]));
}

function showEstimate() {
  const service = services.find((s) => s.id === Number(form.serviceId.value));
  const { price, lowest } = estimate(service, form.stylist.value);
  $('#estimate').textContent = isStaff ? `Price ${money(price)} · lowest offer ${money(lowest)}` : `Price ${money(price)}`;
}
form.addEventListener('change', showEstimate);
showEstimate();

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  try {
    await api('/appointments', { method: 'POST', body: Object.fromEntries(new FormData(form)) });
    form.reset();
    toast('Appointment requested');
    load();
  } catch (error) {
    form.querySelector('.message').textContent = error.message;
  }
});

$('#sort').addEventListener('change', load);
load();
