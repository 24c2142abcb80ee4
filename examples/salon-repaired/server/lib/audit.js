const fs = require('fs');
const path = require('path');
const { dataDir } = require('../config');

const FILE = path.join(dataDir, 'audit.log');

/** Notes who did what. One JSON object a line; never passwords, names or addresses of customers. */
module.exports = function audit(event, req, details = {}) {
  const line = JSON.stringify({ at: new Date().toISOString(), event, user: req.user?.id ?? null, ip: req.ip, ...details });
  fs.appendFile(FILE, `${line}\n`, { mode: 0o600 }, (error) => error && console.error('audit log:', error.message));
};
