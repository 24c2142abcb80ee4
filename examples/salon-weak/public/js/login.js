import { api, $ } from '/js/app.js';

$('#login').addEventListener('submit', async (event) => {
  event.preventDefault();
  try {
    const { token, user } = await api('/auth/login', { method: 'POST', body: Object.fromEntries(new FormData(event.target)) });
    localStorage.setItem('token', token);
    localStorage.setItem('user', JSON.stringify(user));
    localStorage.setItem('role', user.role);
    const next = new URLSearchParams(location.search).get('next') || '/dashboard.html';
    location.href = `/api/auth/continue?next=${encodeURIComponent(next)}`;
  } catch (error) {
    $('.message').textContent = error.message;
  }
});
