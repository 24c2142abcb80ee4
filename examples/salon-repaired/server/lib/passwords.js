const crypto = require('crypto');
const { promisify } = require('util');

const scrypt = promisify(crypto.scrypt);
// OWASP's second choice of scrypt cost: 64 MB each, and Node runs at most four at a time.
const COST = { N: 2 ** 16, r: 8, p: 2, maxmem: 128 * 1024 * 1024 };
const COMMON = ['password', 'qwerty', '123456', 'letmein', 'iloveyou', 'welcome', 'salonlumen', 'salon-lumen'];

async function hashPassword(password) {
  const salt = crypto.randomBytes(16);
  const key = await scrypt(password.normalize('NFKC'), salt, 32, COST);
  return `scrypt$${salt.toString('base64')}$${key.toString('base64')}`;
}

// An unknown address costs as much time as a known one.
const NOBODY = hashPassword(crypto.randomBytes(24).toString('base64'));

async function checkPassword(password, stored) {
  const [, salt, key] = (stored || (await NOBODY)).split('$');
  const given = await scrypt(password.normalize('NFKC'), Buffer.from(salt, 'base64'), 32, COST);
  return crypto.timingSafeEqual(given, Buffer.from(key, 'base64')) && Boolean(stored);
}

/** Why a new password is not acceptable, or null. Length beats special characters (NIST SP 800-63B). */
function passwordProblem(password, email) {
  if (password.length < 12) return 'Please choose a password of at least 12 characters';
  const plain = password.toLowerCase();
  const name = email.split('@')[0];
  if (new Set(plain).size < 5 || COMMON.some((word) => plain.includes(word)) || (name.length > 3 && plain.includes(name))) {
    return 'This password is too easy to guess';
  }
  return null;
}

module.exports = { hashPassword, checkPassword, passwordProblem };
