/** The visitor's mistake: the message is shown, with status 400. */
class BadInput extends Error {
  status = 400;
}

function text(body, field, { max = 120, required = true, pattern = null } = {}) {
  const value = body[field] ?? '';
  if (typeof value !== 'string') throw new BadInput(`${field} must be text`);
  const clean = value.trim();
  if (required && !clean) throw new BadInput(`Please fill in ${field}`);
  if (clean.length > max) throw new BadInput(`${field} is too long`);
  if (clean && pattern && !pattern.test(clean)) throw new BadInput(`${field} does not look right`);
  return clean;
}

const email = (body) => text(body, 'email', { max: 254, pattern: /^[^\s@]+@[^\s@]+\.[^\s@]+$/ }).toLowerCase();
const phone = (body) => text(body, 'phone', { max: 30, required: false, pattern: /^[+\d][\d ()-]+$/ });

// Not trimmed: spaces may be part of a password.
function password(body, field = 'password') {
  const value = body[field];
  if (typeof value !== 'string' || !value || value.length > 128) throw new BadInput('Please fill in your password (at most 128 characters)');
  return value;
}

function number(body, field, { min, max }) {
  const value = Number(body[field]);
  if (!Number.isFinite(value) || value < min || value > max) throw new BadInput(`${field} must be between ${min} and ${max}`);
  return value;
}

function oneOf(body, field, allowed) {
  if (!allowed.includes(body[field])) throw new BadInput(`Please choose a valid ${field}`);
  return body[field];
}

module.exports = { BadInput, text, email, phone, password, number, oneOf };
