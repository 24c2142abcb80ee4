const express = require('express');
const cors = require('cors');
const db = require('../db');
const { websiteOrigins, bookingWebhookSecret, stripeWebhookSecret } = require('../config');
const { sameText, stripeSignatureFits } = require('../lib/signatures');

const router = express.Router();

const HOURS = [
  { days: 'Tuesday – Friday', from: '09:00', to: '19:00' },
  { days: 'Saturday', from: '09:00', to: '16:00' },
];

// Shown on our website, on Google and on partner pages
router.get('/opening-hours', cors({ origin: '*', credentials: false }), (req, res) => res.json(HOURS));

// The price list is public, and our own website may read it from the browser
router.get('/services', cors({ origin: websiteOrigins }), (req, res) => res.json({ services: db.data.services, locations: db.data.locations }));

// The booking portal tells us about cancellations
router.post('/booking-webhook', express.json({ limit: '20kb' }), (req, res) => {
  if (!bookingWebhookSecret || !sameText(req.get('X-Booking-Secret') || '', bookingWebhookSecret)) {
    return res.status(401).json({ error: 'Wrong secret' });
  }
  const appointment = db.find('appointments', req.body.appointmentId);
  if (!appointment) return res.status(404).json({ error: 'Appointment not found' });
  appointment.status = 'cancelled';
  db.save();
  res.json({ ok: true });
});

router.post('/stripe-webhook', express.raw({ type: 'application/json', limit: '200kb' }), (req, res) => {
  if (!Buffer.isBuffer(req.body) || !stripeSignatureFits(req.get('Stripe-Signature'), req.body, stripeWebhookSecret)) {
    return res.status(401).json({ error: 'Wrong signature' });
  }
  const event = JSON.parse(req.body);
  const session = event.type === 'checkout.session.completed' ? event.data.object : null;
  const invoice = session?.payment_status === 'paid' && db.find('invoices', session.metadata?.invoiceId);
  if (invoice && session.currency === 'gbp' && session.amount_total === Math.round(invoice.total * 100)) {
    invoice.paid = true;
    db.save();
  }
  res.json({ received: true });
});

module.exports = router;
