const express = require('express');
const db = require('../db');
const { requireLogin, requireRole } = require('../middleware/auth');

const router = express.Router();

router.get('/revenue', requireLogin, requireRole('owner'), (req, res) => {
  const perLocation = db.data.locations.map((location) => ({
    location,
    total: db.data.appointments.filter((a) => a.location === location).reduce((sum, a) => sum + a.price, 0),
  }));
  const open = db.data.invoices.filter((i) => !i.paid).reduce((sum, i) => sum + i.total, 0);
  const payroll = db.data.staff.reduce((sum, s) => sum + s.hourlyWage * s.hoursPerWeek, 0);
  res.json({ perLocation, open, payroll });
});

module.exports = router;
