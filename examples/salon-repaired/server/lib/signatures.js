const crypto = require('crypto');

const TOLERANCE = 5 * 60;

function sameText(given, expected) {
  const a = crypto.createHash('sha256').update(given).digest();
  const b = crypto.createHash('sha256').update(expected).digest();
  return crypto.timingSafeEqual(a, b);
}

/** Stripe signs "time.body"; an old time is refused so that a recorded message cannot be sent again. */
function stripeSignatureFits(header, rawBody, secret) {
  if (!secret || typeof header !== 'string') return false;
  const parts = header.split(',').map((p) => p.split('='));
  const time = parts.find(([name]) => name === 't')?.[1] || '';
  if (!(Math.abs(Date.now() / 1000 - Number(time)) <= TOLERANCE)) return false;
  const expected = crypto.createHmac('sha256', secret).update(`${time}.`).update(rawBody).digest('hex');
  return parts.some(([name, value]) => name === 'v1' && sameText(value || '', expected));
}

module.exports = { sameText, stripeSignatureFits };
