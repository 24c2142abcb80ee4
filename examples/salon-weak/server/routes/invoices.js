const express = require('express');
const db = require('../db');
const { requireLogin } = require('../middleware/auth');

const router = express.Router();
router.use(requireLogin);

const withCustomer = (invoice) => ({ ...invoice, customer: db.find('customers', invoice.customerId) });

router.get('/', (req, res) => {
  const mine = (i) => req.user.role !== 'customer' || i.customerId === req.user.customerId;
  res.json(db.data.invoices.filter(mine).map(withCustomer));
});

router.get('/:id', (req, res) => {
  const invoice = db.find('invoices', req.params.id);
  if (!invoice) return res.status(404).json({ error: 'Invoice not found' });
  res.json(withCustomer(invoice));
});

// Called by the browser when Stripe says the payment went through ✅
router.post('/:id/paid', (req, res) => {
  const invoice = db.find('invoices', req.params.id);
  if (!invoice) return res.status(404).json({ error: 'Invoice not found' });
  invoice.paid = true;
  db.save();
  res.json(withCustomer(invoice));
});

module.exports = router;
