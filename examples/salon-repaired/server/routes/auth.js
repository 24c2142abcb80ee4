const express = require('express');
const fs = require('fs');
const db = require('../db');
const limits = require('../middleware/limits');
const sessions = require('../lib/sessions');
const audit = require('../lib/audit');
const asyncHandler = require('../lib/async');
const { FIRST_LOGIN_FILE } = require('../owner');
const { BadInput, text, email, phone, password } = require('../lib/validate');
const { hashPassword, checkPassword, passwordProblem } = require('../lib/passwords');

const router = express.Router();

const profile = (user) => ({ name: user.name, role: user.role, mustChangePassword: Boolean(user.mustChangePassword) });
const byEmail = (address) => db.data.users.find((u) => u.email === address);

function acceptable(newPassword, address) {
  const problem = passwordProblem(newPassword, address);
  if (problem) throw new BadInput(problem);
  return newPassword;
}

// The answer is the same whether or not the address is known, and nobody is linked to an existing
// customer record by its address alone: we have not seen that the address is really theirs.
router.post('/register', limits.register, asyncHandler(async (req, res) => {
  const name = text(req.body, 'name');
  const address = email(req.body);
  const number = phone(req.body);
  const passwordHash = await hashPassword(acceptable(password(req.body), address));
  if (!byEmail(address)) {
    const customer = db.insert('customers', { name, email: address, phone: number, birthday: '', location: db.data.locations[0], notes: '' });
    const user = db.insert('users', { name, email: address, passwordHash, role: 'customer', customerId: customer.id });
    audit('register', req, { account: user.id });
  }
  res.status(201).json({ message: 'Thank you! You can sign in now.' });
}));

router.post('/login', limits.loginAddress, limits.loginAccount, limits.login, asyncHandler(async (req, res) => {
  const user = byEmail(email(req.body));
  const fits = await checkPassword(password(req.body), user?.passwordHash);
  if (!fits) {
    audit('login-failed', req, { account: user?.id ?? null });
    return res.status(401).json({ error: 'Email or password is not right' });
  }
  if (req.session) sessions.end(res, req.session);
  sessions.start(res, user);
  audit('login', req, { account: user.id });
  res.json(profile(user));
}));

router.post('/logout', (req, res) => {
  if (req.session) sessions.end(res, req.session);
  res.json({ ok: true });
});

router.use((req, res, next) => (req.user ? next() : res.status(401).json({ error: 'Please log in first' })));

router.get('/me', (req, res) => res.json(profile(req.user)));

router.post('/password', limits.password, asyncHandler(async (req, res) => {
  const { user } = req;
  const fits = await checkPassword(password(req.body, 'current'), user.passwordHash);
  if (!fits) return res.status(403).json({ error: 'Your current password is not right' });
  const next = acceptable(password(req.body, 'next'), user.email);
  if (next === req.body.current) throw new BadInput('Please choose a new password');
  user.passwordHash = await hashPassword(next);
  if (user.mustChangePassword && user.role === 'owner') fs.rmSync(FIRST_LOGIN_FILE, { force: true });
  user.mustChangePassword = false;
  sessions.endAll(user.id);
  sessions.start(res, user);
  audit('password-changed', req);
  res.json(profile(user));
}));

module.exports = router;
