const { rateLimit, ipKeyGenerator } = require('express-rate-limit');

const MINUTE = 60 * 1000;
const account = (req) => (typeof req.body.email === 'string' ? req.body.email.trim().toLowerCase().slice(0, 254) : '');
const common = {
  standardHeaders: 'draft-7',
  legacyHeaders: false,
  message: { error: 'Too many attempts. Please wait a while and try again.' },
};

module.exports = {
  api: rateLimit({ ...common, windowMs: MINUTE, limit: 600 }),
  // Five wrong passwords from one place for one account …
  login: rateLimit({
    ...common,
    windowMs: 15 * MINUTE,
    limit: 5,
    skipSuccessfulRequests: true,
    keyGenerator: (req) => `${ipKeyGenerator(req.ip)} ${account(req)}`,
  }),
  // … and a wider net against guessing one account from many places, or many accounts from one.
  loginAccount: rateLimit({ ...common, windowMs: 60 * MINUTE, limit: 50, skipSuccessfulRequests: true, keyGenerator: account }),
  loginAddress: rateLimit({ ...common, windowMs: 15 * MINUTE, limit: 60, skipSuccessfulRequests: true }),
  register: rateLimit({ ...common, windowMs: 60 * MINUTE, limit: 10 }),
  password: rateLimit({ ...common, windowMs: 15 * MINUTE, limit: 5, keyGenerator: (req) => `user ${req.user.id}` }),
  upload: rateLimit({ ...common, windowMs: 60 * MINUTE, limit: 30, keyGenerator: (req) => `user ${req.user.id}` }),
};
