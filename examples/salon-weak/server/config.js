const path = require('path');

const ROOT = path.join(__dirname, '..');
require('dotenv').config({ path: path.join(ROOT, '.env') });

module.exports = {
  ROOT,
  port: Number(process.env.PORT) || 4300,
  dataDir: process.env.DATA_DIR || path.join(ROOT, 'data'),
  jwtSecret: process.env.JWT_SECRET || 'salon-lumen-jwt-secret-change-me',
  bookingWebhookSecret: process.env.BOOKING_WEBHOOK_SECRET || '',
};
