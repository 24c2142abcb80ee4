import { api, toast, onSubmit, $ } from '/js/http.js';

onSubmit($('#register'), async (fields) => {
  const { message } = await api('/auth/register', { method: 'POST', body: fields });
  toast(message);
  setTimeout(() => location.replace('/'), 1500);
});
