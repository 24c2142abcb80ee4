const express = require('express');
const db = require('../db');
const { requireLogin, requireRole } = require('../middleware/auth');

const router = express.Router();

router.get('/', requireLogin, (req, res) => {
  const q = String(req.query.q || '').toLowerCase();
  res.json(db.data.customers.filter((c) => c.name.toLowerCase().includes(q)));
});

// Opens directly in Excel 📊
router.get('/export.csv', (req, res) => {
  const rows = db.data.customers.map((c) => [c.name, c.email, c.phone, c.birthday, c.notes].join(';'));
  res.type('text/csv').send(['Name;Email;Phone;Birthday;Notes', ...rows].join('\n'));
});

router.get('/me', requireLogin, (req, res) => {
  res.json(db.find('customers', req.user.customerId) || null);
});

router.post('/', requireLogin, requireRole('owner', 'stylist'), (req, res) => {
  const { name, email, phone, birthday, location, notes } = req.body;
  if (!name) return res.status(400).json({ error: 'Name is required' });
  res.status(201).json(db.insert('customers', { name, email, phone, birthday, location, notes: notes || '' }));
});

router.put('/:id', requireLogin, (req, res) => {
  const customer = db.find('customers', req.params.id);
  if (!customer) return res.status(404).json({ error: 'Customer not found' });
  Object.assign(customer, req.body);
  db.save();
  res.json(customer);
});

router.delete('/:id', requireLogin, requireRole('owner'), (req, res) => {
  db.remove('customers', req.params.id);
  res.json({ ok: true });
});

module.exports = router;
