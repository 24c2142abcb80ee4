const crypto = require('crypto');
const fs = require('fs');
const path = require('path');

const ROOT = path.join(__dirname, '..');
require('dotenv').config({ path: path.join(ROOT, '.env') });

const { env } = process;
const production = env.NODE_ENV === 'production';
const port = Number(env.PORT) || 4300;
const dataDir = path.resolve(env.DATA_DIR || path.join(ROOT, 'data'));
fs.mkdirSync(dataDir, { recursive: true, mode: 0o700 });

const REQUIRED_IN_PRODUCTION = [
  'APP_ORIGIN', 'TRUST_PROXY', 'SESSION_SECRET', 'STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'BOOKING_WEBHOOK_SECRET',
];
const missing = production ? REQUIRED_IN_PRODUCTION.filter((name) => !env[name]) : [];
if (missing.length) throw new Error(`Missing settings: ${missing.join(', ')}. See .env.example.`);

// Trying the app out needs no settings: the secret is made once and kept beside the data, readable only by its owner.
function sessionSecret() {
  if (env.SESSION_SECRET) return env.SESSION_SECRET;
  const file = path.join(dataDir, 'session-secret');
  if (!fs.existsSync(file)) fs.writeFileSync(file, crypto.randomBytes(48).toString('base64'), { mode: 0o600, flag: 'wx' });
  return fs.readFileSync(file, 'utf8');
}

const secret = sessionSecret();
if (secret.length < 32) throw new Error('SESSION_SECRET must have at least 32 characters.');

const list = (value) => (value || '').split(',').map((s) => s.trim()).filter(Boolean);

module.exports = {
  ROOT,
  port,
  dataDir,
  sessionSecret: secret,
  // Hops, not "true": otherwise anyone could choose the address that the limits count.
  trustProxy: Number(env.TRUST_PROXY) || 0,
  appOrigins: env.APP_ORIGIN ? [env.APP_ORIGIN] : [`http://127.0.0.1:${port}`, `http://localhost:${port}`],
  websiteOrigins: list(env.WEBSITE_ORIGINS),
  stripeSecretKey: env.STRIPE_SECRET_KEY || null,
  stripeWebhookSecret: env.STRIPE_WEBHOOK_SECRET || null,
  bookingWebhookSecret: env.BOOKING_WEBHOOK_SECRET || null,
  demoData: !production && env.DEMO_DATA !== 'off',
  ownerEmail: (env.OWNER_EMAIL || 'owner@salon-lumen.example').toLowerCase(),
  ownerPassword: env.OWNER_PASSWORD || null,
};
