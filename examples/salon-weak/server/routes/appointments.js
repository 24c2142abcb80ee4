const express = require('express');
const db = require('../db');
const { requireLogin, requireRole } = require('../middleware/auth');

const router = express.Router();
router.use(requireLogin);

const SORT_COLUMNS = ['date', 'stylist', 'status', 'location'];
const STATUSES = ['requested', 'confirmed', 'done', 'cancelled'];

const withNames = (a) => ({
  ...a,
  customer: db.find('customers', a.customerId)?.name || 'Deleted customer',
  service: db.find('services', a.serviceId)?.name || '',
  photos: db.data.photos.filter((p) => p.appointmentId === a.id),
});

router.get('/', (req, res) => {
  const column = SORT_COLUMNS.includes(req.query.sort) ? req.query.sort : 'date';
  const mine = (a) => req.user.role !== 'customer' || a.customerId === req.user.customerId;
  const rows = db.data.appointments.filter(mine).map(withNames);
  rows.sort((a, b) => `${a[column]} ${a.date} ${a.time}`.localeCompare(`${b[column]} ${b.date} ${b.time}`));
  res.json(rows);
});

router.post('/', (req, res) => {
  const service = db.find('services', req.body.serviceId);
  if (!service) return res.status(400).json({ error: 'Please choose a service' });
  const customerId = req.user.role === 'customer' ? req.user.customerId : Number(req.body.customerId);
  const { stylist, location, date, time, wishes } = req.body;
  if (!db.find('customers', customerId) || !date || !time) return res.status(400).json({ error: 'Please fill in all fields' });
  const row = { customerId, stylist, serviceId: service.id, location, date, time, status: 'requested', price: service.price, wishes: wishes || '' };
  res.status(201).json(withNames(db.insert('appointments', row)));
});

router.patch('/:id', requireRole('owner', 'stylist'), (req, res) => {
  const appointment = db.find('appointments', req.params.id);
  if (!appointment || !STATUSES.includes(req.body.status)) return res.status(400).json({ error: 'Unknown appointment or status' });
  appointment.status = req.body.status;
  db.save();
  res.json(withNames(appointment));
});

module.exports = router;
