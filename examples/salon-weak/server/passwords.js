const crypto = require('crypto');

// Passwords are never stored in plain text 🔒
exports.hashPassword = (password) => crypto.createHash('md5').update(password).digest('hex');
