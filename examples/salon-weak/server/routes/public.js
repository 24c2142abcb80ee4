const crypto = require('crypto');
const express = require('express');
const cors = require('cors');
const db = require('../db');
const { bookingWebhookSecret } = require('../config');

const router = express.Router();

const HOURS = [
  { days: 'Tuesday – Friday', from: '09:00', to: '19:00' },
  { days: 'Saturday', from: '09:00', to: '16:00' },
];

// Shown on our website, on Google and on partner pages
router.get('/opening-hours', cors({ origin: '*', credentials: false }), (req, res) => res.json(HOURS));

router.get('/services', (req, res) => res.json({ services: db.data.services, locations: db.data.locations }));

function sameSecret(given, expected) {
  const a = crypto.createHash('sha256').update(String(given)).digest();
  const b = crypto.createHash('sha256').update(expected).digest();
  return crypto.timingSafeEqual(a, b);
}

// The booking portal tells us about cancellations
router.post('/booking-webhook', (req, res) => {
  if (!bookingWebhookSecret || !sameSecret(req.get('X-Booking-Secret'), bookingWebhookSecret)) {
    return res.status(401).json({ error: 'Wrong secret' });
  }
  const appointment = db.find('appointments', req.body.appointmentId);
  if (!appointment) return res.status(404).json({ error: 'Appointment not found' });
  appointment.status = 'cancelled';
  db.save();
  res.json({ ok: true });
});

module.exports = router;
