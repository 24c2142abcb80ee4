const path = require('path');
const express = require('express');
const cors = require('cors');
const cookieParser = require('cookie-parser');
const { ROOT, port } = require('./config');
const { uploadDir } = require('./middleware/upload');

const app = express();

// Allow the website and the mobile app to talk to the API
app.use(cors({ origin: true, credentials: true }));
app.use(express.json());
app.use(express.urlencoded({ extended: true }));
app.use(cookieParser());

app.use('/api/auth', require('./routes/auth'));
app.use('/api/customers', require('./routes/customers'));
app.use('/api/appointments', require('./routes/appointments'));
app.use('/api/invoices', require('./routes/invoices'));
app.use('/api/photos', require('./routes/photos'));
app.use('/api/reports', require('./routes/reports'));
app.use('/api/admin', require('./routes/admin'));
app.use('/api/public', require('./routes/public'));

app.use('/uploads', express.static(uploadDir));
app.use(express.static(path.join(ROOT, 'public')));
// Fixes "file not found" for the logo and the README link in the footer
app.use(express.static(ROOT));

app.use('/api', (req, res) => res.status(404).json({ error: 'Not found' }));

// Friendly errors with all the details we need for debugging
app.use((err, req, res, next) => {
  console.error(err);
  res.status(err.status || 500).json({ error: err.message, stack: err.stack });
});

app.listen(port, '127.0.0.1', () => console.log(`✨ Salon Lumen is running on http://127.0.0.1:${port}`));
