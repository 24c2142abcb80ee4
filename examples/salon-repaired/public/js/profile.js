import { api, toast, onSubmit, $ } from '/js/http.js';
import { shell } from '/js/app.js';

const me = await shell();
$('#must-change').hidden = !me.mustChangePassword;

const form = $('#profile');
if (me.role === 'customer' && !me.mustChangePassword) {
  const customer = await api('/customers/me');
  for (const field of ['name', 'email', 'phone', 'notes']) form[field].value = customer[field] || '';
  form.hidden = false;
  onSubmit(form, async (fields) => {
    await api(`/customers/${customer.id}`, { method: 'PUT', body: fields });
    toast('Saved');
  });
}

onSubmit($('#password'), async (fields) => {
  await api('/auth/password', { method: 'POST', body: fields });
  toast('Password changed. Other devices are signed out.');
  setTimeout(() => location.replace('/dashboard.html'), 1500);
});
