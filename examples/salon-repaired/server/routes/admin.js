const express = require('express');
const db = require('../db');
const audit = require('../lib/audit');
const asyncHandler = require('../lib/async');
const { BadInput, text, email, password, number } = require('../lib/validate');
const { hashPassword, passwordProblem } = require('../lib/passwords');
const { requireLogin, requireRole } = require('../middleware/auth');

const router = express.Router();
router.use(requireLogin, requireRole('owner'));

router.get('/staff', (req, res) => res.json(db.data.staff));

router.put('/staff/:id', (req, res) => {
  const person = db.find('staff', req.params.id);
  if (!person) return res.status(404).json({ error: 'Staff member not found' });
  const hourlyWage = number(req.body, 'hourlyWage', { min: 0, max: 500 });
  const hoursPerWeek = number(req.body, 'hoursPerWeek', { min: 0, max: 60 });
  Object.assign(person, { hourlyWage, hoursPerWeek });
  db.save();
  audit('wage-changed', req, { staff: person.id });
  res.json(person);
});

const publicUser = ({ id, name, email: address, role }) => ({ id, name, email: address, role });

router.get('/users', (req, res) => res.json(db.data.users.map(publicUser)));

// Logins for the team. The first password is only for the first day: it has to be changed.
router.post('/users', asyncHandler(async (req, res) => {
  const name = text(req.body, 'name');
  const address = email(req.body);
  const first = password(req.body);
  const problem = passwordProblem(first, address);
  if (problem) throw new BadInput(problem);
  const passwordHash = await hashPassword(first);
  if (db.data.users.some((u) => u.email === address)) throw new BadInput('There is already a login with this email');
  const user = db.insert('users', { name, email: address, passwordHash, role: 'stylist', customerId: null, mustChangePassword: true });
  audit('login-created', req, { account: user.id });
  res.status(201).json(publicUser(user));
}));

module.exports = router;
