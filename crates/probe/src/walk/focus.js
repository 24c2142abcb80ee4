// Puts the focus on a field of the login form: the password, or the field for the user before it.
(which => {
  const shown = element => { const box = element.getBoundingClientRect(); return box.width > 0 && box.height > 0; };
  const password = [...document.querySelectorAll('input[type=password]')].filter(shown);
  if (password.length !== 1) return false;
  if (which === 'password') { password[0].focus(); password[0].select(); return true; }
  const form = password[0].form || document;
  const before = [...form.querySelectorAll('input')].filter(e => shown(e) && ['text', 'email', 'tel', ''].includes((e.getAttribute('type') || '').toLowerCase()));
  const user = before.filter(e => e.compareDocumentPosition(password[0]) & Node.DOCUMENT_POSITION_FOLLOWING).pop() || before[0];
  if (!user) return false;
  user.focus(); user.select();
  return true;
})
