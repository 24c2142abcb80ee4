const helmet = require('helmet');
const { appOrigins } = require('../config');
const { COOKIE } = require('../lib/sessions');

const headers = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: { maxAge: 365 * 24 * 60 * 60, includeSubDomains: false },
  referrerPolicy: { policy: 'same-origin' },
  xFrameOptions: { action: 'deny' },
});

function permissions(req, res, next) {
  res.set('Permissions-Policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=()');
  next();
}

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

// Browsers put Origin on every request that changes something. A request without it may not use a session.
// (SameSite alone would let sister sites of the same domain through.)
function sameOrigin(req, res, next) {
  const origin = req.get('Origin');
  const allowed = origin ? appOrigins.includes(origin) : !req.cookies[COOKIE];
  if (SAFE_METHODS.includes(req.method) || allowed) return next();
  res.status(403).json({ error: 'This request did not come from the app' });
}

function noStore(req, res, next) {
  res.set('Cache-Control', 'no-store');
  next();
}

module.exports = { headers, permissions, sameOrigin, noStore };
