const express = require('express');
const db = require('../db');
const { BadInput, text, oneOf } = require('../lib/validate');
const { requireLogin, requireRole } = require('../middleware/auth');

const router = express.Router();
router.use(requireLogin);

const SORT_COLUMNS = ['date', 'stylist', 'status', 'location'];
const STATUSES = ['requested', 'confirmed', 'done', 'cancelled'];
const stylists = () => db.data.staff.map((s) => s.name);

const withNames = (a) => ({
  ...a,
  customer: db.find('customers', a.customerId)?.name || 'Deleted customer',
  service: db.find('services', a.serviceId)?.name || '',
  photos: db.data.photos.filter((p) => p.appointmentId === a.id).map(({ id, title }) => ({ id, title })),
});

router.get('/', (req, res) => {
  const column = SORT_COLUMNS.includes(req.query.sort) ? req.query.sort : 'date';
  const mine = (a) => req.user.role !== 'customer' || a.customerId === req.user.customerId;
  const rows = db.data.appointments.filter(mine).map(withNames);
  rows.sort((a, b) => `${a[column]} ${a.date} ${a.time}`.localeCompare(`${b[column]} ${b.date} ${b.time}`));
  res.json(rows);
});

router.get('/choices', (req, res) => {
  res.json({ services: db.data.services, locations: db.data.locations, stylists: stylists() });
});

router.post('/', (req, res) => {
  const service = db.find('services', req.body.serviceId);
  const customerId = req.user.role === 'customer' ? req.user.customerId : Number(req.body.customerId);
  if (!service || !db.find('customers', customerId)) throw new BadInput('Please choose a customer and a service');
  const row = {
    customerId,
    serviceId: service.id,
    stylist: oneOf(req.body, 'stylist', stylists()),
    location: oneOf(req.body, 'location', db.data.locations),
    date: text(req.body, 'date', { pattern: /^\d{4}-\d{2}-\d{2}$/ }),
    time: text(req.body, 'time', { pattern: /^(09|1[0-8]):[0-5]\d$/ }),
    wishes: text(req.body, 'wishes', { max: 300, required: false }),
    status: 'requested',
    price: service.price,
  };
  res.status(201).json(withNames(db.insert('appointments', row)));
});

router.patch('/:id', requireRole('owner', 'stylist'), (req, res) => {
  const appointment = db.find('appointments', req.params.id);
  if (!appointment) return res.status(404).json({ error: 'Appointment not found' });
  appointment.status = oneOf(req.body, 'status', STATUSES);
  db.save();
  res.json(withNames(appointment));
});

module.exports = router;
