import { api, el, money, date, toast, muted, strong, pill, cell, onSubmit, $ } from '/js/http.js';
import { shell } from '/js/app.js';

const me = await shell();
const isStaff = me.role !== 'customer';
const form = $('#new');
const options = (list) => list.map(([value, text]) => el('option', { value }, text));

async function confirmVisit(a) {
  await api(`/appointments/${a.id}`, { method: 'PATCH', body: { status: 'confirmed' } });
  load();
}

function addPhoto(a) {
  const picker = el('input', { type: 'file', accept: 'image/jpeg,image/png,image/webp' });
  picker.onchange = async () => {
    const body = new FormData();
    body.append('photo', picker.files[0]);
    try {
      await api(`/photos?appointment=${a.id}`, { method: 'POST', body });
      toast('Photo added');
      load();
    } catch (error) {
      toast(error.message);
    }
  };
  picker.click();
}

const photo = (p) => el('a', { href: `/api/photos/${p.id}/file` }, el('img', { className: 'thumb', src: `/api/photos/${p.id}/file`, alt: p.title }));

const visit = (a) => el('tr', {},
  cell('nowrap', strong(a.time), muted(date(a.date))),
  cell('', a.customer, muted(`${a.service} · ${a.stylist} · ${a.location}`), a.wishes ? el('em', {}, a.wishes) : null),
  cell('', pill(a.status), isStaff && a.status === 'requested'
    ? el('p', {}, el('button', { className: 'small quiet', onclick: () => confirmVisit(a) }, 'Confirm')) : null),
  cell('', a.photos.map(photo), el('button', { className: 'small quiet', onclick: () => addPhoto(a) }, 'Add photo')));

async function load() {
  const rows = await api(`/appointments?sort=${encodeURIComponent($('#sort').value)}`);
  $('#rows').replaceChildren(...rows.map(visit));
}

const { services, locations, stylists } = await api('/appointments/choices');
form.serviceId.replaceChildren(...options(services.map((s) => [s.id, s.name])));
form.stylist.replaceChildren(...options(stylists.map((name) => [name, name])));
form.location.replaceChildren(...options(locations.map((name) => [name, name])));
if (isStaff) {
  $('#customer-field').hidden = false;
  form.customerId.replaceChildren(...options((await api('/customers')).map((c) => [c.id, c.name])));
}

function showPrice() {
  const service = services.find((s) => s.id === Number(form.serviceId.value));
  $('#estimate').textContent = `Price ${money(service.price)}`;
}
form.addEventListener('change', showPrice);
showPrice();

onSubmit(form, async (fields) => {
  await api('/appointments', { method: 'POST', body: fields });
  form.reset();
  toast('Appointment requested');
  load();
});

$('#sort').addEventListener('change', load);
load();
