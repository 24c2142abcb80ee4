const crypto = require('crypto');
const path = require('path');
const express = require('express');
const cookieParser = require('cookie-parser');
const { ROOT, trustProxy } = require('./config');
const limits = require('./middleware/limits');
const { headers, permissions, sameOrigin, noStore } = require('./middleware/security');
const { loadUser, requirePage } = require('./middleware/auth');
const { BadInput } = require('./lib/validate');

const app = express();
app.disable('x-powered-by');
app.set('trust proxy', trustProxy);
app.use(headers, permissions);

// Style, scripts, sign-in and registration: all that is for everybody. Nothing else is served from disk.
app.use(express.static(path.join(ROOT, 'public')));

app.use('/api', limits.api, noStore);
app.use('/api/public', require('./routes/public'));

app.use(cookieParser());
app.use(sameOrigin);
app.use(loadUser);
app.use(express.json({ limit: '50kb' }));

app.use('/api/auth', require('./routes/auth'));
app.use('/api/customers', require('./routes/customers'));
app.use('/api/appointments', require('./routes/appointments'));
app.use('/api/invoices', require('./routes/invoices'));
app.use('/api/photos', require('./routes/photos'));
app.use('/api/reports', require('./routes/reports'));
app.use('/api/admin', require('./routes/admin'));
app.use('/api', (req, res) => res.status(404).json({ error: 'Not found' }));

const page = (name) => (req, res) => res.sendFile(path.join(ROOT, 'pages', `${name}.html`));
app.get('/dashboard.html', requirePage('owner', 'stylist', 'customer'), page('dashboard'));
app.get('/appointments.html', requirePage('owner', 'stylist', 'customer'), page('appointments'));
app.get('/invoice.html', requirePage('owner', 'stylist', 'customer'), page('invoice'));
app.get('/profile.html', requirePage('owner', 'stylist', 'customer'), page('profile'));
app.get('/customers.html', requirePage('owner', 'stylist'), page('customers'));
app.get('/admin.html', requirePage('owner'), page('admin'));
app.get('/reports.html', requirePage('owner'), page('reports'));
app.use((req, res) => res.status(404).type('text').send('This page does not exist.'));

// Details go to our log; the visitor gets a number to tell us.
app.use((err, req, res, next) => {
  if (res.headersSent) return next(err);
  if (err.name === 'MulterError') return res.status(400).json({ error: 'Please choose one picture of at most 5 MB' });
  const status = err.status >= 400 && err.status < 500 ? err.status : 500;
  if (status < 500) return res.status(status).json({ error: err instanceof BadInput ? err.message : 'The request could not be read' });
  const reference = crypto.randomUUID();
  console.error(reference, err);
  res.status(500).json({ error: 'Something went wrong on our side', reference });
});

module.exports = app;
