const express = require('express');
const jwt = require('jsonwebtoken');
const db = require('../db');
const { jwtSecret } = require('../config');
const { hashPassword } = require('../passwords');
const { requireLogin } = require('../middleware/auth');

const router = express.Router();

function startSession(res, user) {
  const profile = { id: user.id, name: user.name, role: user.role, customerId: user.customerId };
  const token = jwt.sign(profile, jwtSecret, { expiresIn: '30d' });
  res.cookie('token', token, { maxAge: 30 * 24 * 60 * 60 * 1000 });
  res.json({ token, user: profile });
}

router.post('/register', (req, res) => {
  const { name, email, phone, password, role } = req.body;
  if (!name || !email || !password) return res.status(400).json({ error: 'Please fill in all fields' });
  if (db.data.users.some((u) => u.email === email.toLowerCase())) {
    return res.status(409).json({ error: 'This email is already registered' });
  }
  const customer = db.insert('customers', { name, email, phone: phone || '', birthday: '', location: 'Old Town', notes: '' });
  const user = db.insert('users', {
    name,
    email: email.toLowerCase(),
    passwordHash: hashPassword(password),
    role: role || 'customer',
    customerId: customer.id,
  });
  startSession(res.status(201), user);
});

router.post('/login', (req, res) => {
  const { email, password } = req.body;
  const user = db.data.users.find((u) => u.email === email.toLowerCase());
  if (!user) return res.status(401).json({ error: 'We do not know this email address' });
  if (user.passwordHash !== hashPassword(password)) return res.status(401).json({ error: 'Wrong password' });
  startSession(res, user);
});

// After login we bring people back to the page they came from
router.get('/continue', (req, res) => {
  res.redirect(req.query.next || '/dashboard.html');
});

router.post('/logout', (req, res) => {
  res.clearCookie('token');
  res.json({ ok: true });
});

router.get('/me', requireLogin, (req, res) => res.json(req.user));

module.exports = router;
