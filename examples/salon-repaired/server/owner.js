const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const db = require('./db');
const { dataDir, ownerEmail, ownerPassword } = require('./config');
const { hashPassword, passwordProblem } = require('./lib/passwords');

const FIRST_LOGIN_FILE = path.join(dataDir, 'first-login.txt');

/** The first login. There is no default password: it comes from OWNER_PASSWORD, or is made up and must be changed. */
async function ensureOwner() {
  if (db.data.users.some((u) => u.role === 'owner')) return;
  const problem = ownerPassword && passwordProblem(ownerPassword, ownerEmail);
  if (problem) throw new Error(`OWNER_PASSWORD: ${problem}`);
  const password = ownerPassword || crypto.randomBytes(15).toString('base64url');
  const passwordHash = await hashPassword(password);
  if (!ownerPassword) {
    fs.writeFileSync(FIRST_LOGIN_FILE, `Email: ${ownerEmail}\nPassword: ${password}\n`, { mode: 0o600 });
    console.log(`Your first login is in ${FIRST_LOGIN_FILE} (the file goes away when you choose your own password).`);
  }
  db.insert('users', { name: 'Elena Marsh', email: ownerEmail, passwordHash, role: 'owner', customerId: null, mustChangePassword: !ownerPassword });
}

module.exports = { ensureOwner, FIRST_LOGIN_FILE };
