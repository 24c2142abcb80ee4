const express = require('express');
const db = require('../db');
const sessions = require('../lib/sessions');
const audit = require('../lib/audit');
const asyncHandler = require('../lib/async');
const { text, email, phone, oneOf } = require('../lib/validate');
const { requireLogin, requireRole } = require('../middleware/auth');
const { deletePhoto } = require('../middleware/upload');

const router = express.Router();
router.use(requireLogin);

router.get('/', requireRole('owner', 'stylist'), (req, res) => {
  const q = String(req.query.q || '').toLowerCase();
  res.json(db.data.customers.filter((c) => c.name.toLowerCase().includes(q)));
});

// Quoted, and a leading = + - @ is disarmed: spreadsheets would run it as a formula.
const cell = (value) => `"${String(value ?? '').replace(/^(?=[\s=+\-@])/, "'").replace(/"/g, '""')}"`;

router.get('/export.csv', requireRole('owner'), (req, res) => {
  const rows = db.data.customers.map((c) => [c.name, c.email, c.phone, c.birthday, c.notes].map(cell).join(';'));
  audit('customers-exported', req, { rows: rows.length });
  res.attachment('customers.csv').send(['Name;Email;Phone;Birthday;Notes', ...rows].join('\r\n'));
});

router.get('/me', requireRole('customer'), (req, res) => {
  res.json(db.find('customers', req.user.customerId));
});

router.post('/', requireRole('owner', 'stylist'), (req, res) => {
  const customer = db.insert('customers', {
    name: text(req.body, 'name'),
    email: email(req.body),
    phone: phone(req.body),
    birthday: text(req.body, 'birthday', { required: false, pattern: /^\d{4}-\d{2}-\d{2}$/ }),
    location: oneOf(req.body, 'location', db.data.locations),
    notes: text(req.body, 'notes', { max: 1000, required: false }),
  });
  res.status(201).json(customer);
});

router.put('/:id', (req, res) => {
  const customer = db.find('customers', req.params.id);
  const mine = req.user.role !== 'customer' || customer?.id === req.user.customerId;
  if (!customer || !mine) return res.status(404).json({ error: 'Customer not found' });
  const name = text(req.body, 'name');
  const number = phone(req.body);
  const notes = text(req.body, 'notes', { max: 1000, required: false });
  Object.assign(customer, { name, phone: number, notes });
  db.save();
  res.json(customer);
});

// Invoices stay (the law asks for it); login, sessions, notes and photos go.
router.delete('/:id', requireRole('owner'), asyncHandler(async (req, res) => {
  const customer = db.find('customers', req.params.id);
  if (!customer) return res.status(404).json({ error: 'Customer not found' });
  const visits = db.data.appointments.filter((a) => a.customerId === customer.id).map((a) => a.id);
  const photos = db.data.photos.filter((p) => visits.includes(p.appointmentId));
  for (const user of db.data.users.filter((u) => u.customerId === customer.id)) sessions.endAll(user.id);
  db.remove('users', (u) => u.customerId === customer.id);
  db.remove('appointments', (a) => visits.includes(a.id));
  db.remove('photos', (p) => visits.includes(p.appointmentId));
  db.remove('customers', (c) => c.id === customer.id);
  await Promise.all(photos.map(deletePhoto));
  audit('customer-deleted', req, { customer: customer.id });
  res.json({ ok: true });
}));

module.exports = router;
