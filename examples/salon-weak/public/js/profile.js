import { api, shell, toast, $ } from '/js/app.js';

shell();

const form = $('#profile');
const customer = await api('/customers/me');
for (const field of ['name', 'email', 'phone', 'notes']) form[field].value = customer[field] || '';

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  await api(`/customers/${customer.id}`, { method: 'PUT', body: Object.fromEntries(new FormData(form)) });
  toast('Saved');
});
