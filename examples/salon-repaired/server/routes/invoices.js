const express = require('express');
const db = require('../db');
const asyncHandler = require('../lib/async');
const { appOrigins, stripeSecretKey } = require('../config');
const { requireLogin } = require('../middleware/auth');

const router = express.Router();
router.use(requireLogin);

const mayRead = (user, invoice) => user.role !== 'customer' || invoice.customerId === user.customerId;

function withCustomer(invoice) {
  const customer = db.find('customers', invoice.customerId);
  return { ...invoice, customer: customer ? { name: customer.name, email: customer.email, phone: customer.phone } : null };
}

// One answer for "not there" and "not yours": numbers cannot be tried out.
function loadInvoice(req, res, next) {
  const invoice = db.find('invoices', req.params.id);
  if (!invoice || !mayRead(req.user, invoice)) return res.status(404).json({ error: 'Invoice not found' });
  req.invoice = invoice;
  next();
}

router.get('/', (req, res) => {
  res.json(db.data.invoices.filter((invoice) => mayRead(req.user, invoice)).map(withCustomer));
});

router.get('/:id', loadInvoice, (req, res) => res.json(withCustomer(req.invoice)));

// Amount and currency come from here; "paid" is set by Stripe's signed message (routes/public.js), never by the browser.
router.post('/:id/checkout', loadInvoice, asyncHandler(async (req, res) => {
  const { invoice } = req;
  if (invoice.paid) return res.status(409).json({ error: 'This invoice is already paid' });
  if (!stripeSecretKey) return res.status(503).json({ error: 'Online payment is not set up yet' });
  const back = `${appOrigins[0]}/invoice.html?id=${invoice.id}`;
  const response = await fetch('https://api.stripe.com/v1/checkout/sessions', {
    method: 'POST',
    headers: { Authorization: `Bearer ${stripeSecretKey}` },
    body: new URLSearchParams({
      mode: 'payment',
      'line_items[0][quantity]': '1',
      'line_items[0][price_data][currency]': 'gbp',
      'line_items[0][price_data][unit_amount]': String(Math.round(invoice.total * 100)),
      'line_items[0][price_data][product_data][name]': `Invoice ${invoice.number}`,
      'metadata[invoiceId]': String(invoice.id),
      success_url: back,
      cancel_url: back,
    }),
    signal: AbortSignal.timeout(10000),
  });
  if (!response.ok) return res.status(502).json({ error: 'The payment service did not answer' });
  res.json({ url: (await response.json()).url });
}));

module.exports = router;
