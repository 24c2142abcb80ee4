const crypto = require('crypto');
const db = require('../db');
const { sessionSecret } = require('../config');

const MINUTE = 60 * 1000;
const IDLE = 30 * MINUTE;
const LIFETIME = 12 * 60 * MINUTE;
// The __Host- prefix makes browsers refuse the cookie from another host, without Secure, or for a part of the site.
const COOKIE = '__Host-lumen';

// Only a keyed hash is stored: a copy of the data file opens no session.
const keyOf = (id) => crypto.createHmac('sha256', sessionSecret).update(id).digest('base64url');
const alive = (s, now) => now - s.createdAt < LIFETIME && now - s.seenAt < IDLE;

function start(res, user) {
  const id = crypto.randomBytes(32).toString('base64url');
  const now = Date.now();
  db.data.sessions = db.data.sessions.filter((s) => alive(s, now));
  db.data.sessions.push({ key: keyOf(id), userId: user.id, createdAt: now, seenAt: now });
  db.save();
  res.cookie(COOKIE, id, { httpOnly: true, secure: true, sameSite: 'lax', path: '/', maxAge: LIFETIME });
}

function read(req) {
  const id = req.cookies[COOKIE];
  if (typeof id !== 'string' || !id) return null;
  const key = keyOf(id);
  const now = Date.now();
  const session = db.data.sessions.find((s) => s.key === key && alive(s, now));
  if (!session) return null;
  if (now - session.seenAt > MINUTE) {
    session.seenAt = now;
    db.save();
  }
  return session;
}

function end(res, session) {
  db.remove('sessions', (s) => s.key === session.key);
  res.clearCookie(COOKIE, { httpOnly: true, secure: true, sameSite: 'lax', path: '/' });
}

const endAll = (userId) => db.remove('sessions', (s) => s.userId === userId);

module.exports = { COOKIE, start, read, end, endAll };
