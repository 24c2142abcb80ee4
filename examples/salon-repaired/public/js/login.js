import { api, onSubmit, $ } from '/js/http.js';

onSubmit($('#login'), async (fields) => {
  const me = await api('/auth/login', { method: 'POST', body: fields });
  location.replace(me.mustChangePassword ? '/profile.html' : '/dashboard.html');
});
