const express = require('express');
const db = require('../db');

const router = express.Router();

router.get('/staff', (req, res) => res.json(db.data.staff));

router.put('/staff/:id', (req, res) => {
  const person = db.find('staff', req.params.id);
  if (!person) return res.status(404).json({ error: 'Staff member not found' });
  person.hourlyWage = Number(req.body.hourlyWage);
  person.hoursPerWeek = Number(req.body.hoursPerWeek);
  db.save();
  res.json(person);
});

router.get('/users', (req, res) => res.json(db.data.users));

module.exports = router;
