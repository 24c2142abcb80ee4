import { api, $ } from '/js/app.js';

$('#register').addEventListener('submit', async (event) => {
  event.preventDefault();
  try {
    const body = { ...Object.fromEntries(new FormData(event.target)), role: 'customer' };
    const { token, user } = await api('/auth/register', { method: 'POST', body });
    localStorage.setItem('token', token);
    localStorage.setItem('user', JSON.stringify(user));
    localStorage.setItem('role', user.role);
    location.href = '/dashboard.html';
  } catch (error) {
    $('.message').textContent = error.message;
  }
});
