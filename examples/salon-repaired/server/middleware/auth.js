const db = require('../db');
const sessions = require('../lib/sessions');

// The role is read from the database on every request: a change counts at once.
function loadUser(req, res, next) {
  req.session = sessions.read(req);
  req.user = (req.session && db.find('users', req.session.userId)) || null;
  next();
}

function requireLogin(req, res, next) {
  if (!req.user) return res.status(401).json({ error: 'Please log in first' });
  if (req.user.mustChangePassword) return res.status(403).json({ error: 'Please choose your own password first' });
  next();
}

const requireRole = (...roles) => (req, res, next) => {
  if (!roles.includes(req.user.role)) return res.status(403).json({ error: 'You are not allowed to do this' });
  next();
};

// For whole pages: send people where they can go instead of showing an error.
const requirePage = (...roles) => (req, res, next) => {
  res.set('Cache-Control', 'no-store');
  if (!req.user) return res.redirect('/');
  if (req.user.mustChangePassword && req.path !== '/profile.html') return res.redirect('/profile.html');
  if (!roles.includes(req.user.role)) return res.redirect('/dashboard.html');
  next();
};

module.exports = { loadUser, requireLogin, requireRole, requirePage };
