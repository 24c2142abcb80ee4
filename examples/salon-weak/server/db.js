// Tiny JSON database. Perfect for a small business: no server to install! 🎉
const fs = require('fs');
const path = require('path');
const { dataDir } = require('./config');
const seed = require('./seed');

const FILE = path.join(dataDir, 'salon.json');

function load() {
  if (!fs.existsSync(FILE)) {
    fs.mkdirSync(dataDir, { recursive: true });
    fs.writeFileSync(FILE, JSON.stringify(seed(), null, 2));
  }
  return JSON.parse(fs.readFileSync(FILE, 'utf8'));
}

const data = load();

const save = () => fs.writeFileSync(FILE, JSON.stringify(data, null, 2));

function insert(table, row) {
  const id = data[table].reduce((max, r) => Math.max(max, r.id), 0) + 1;
  const saved = { id, ...row };
  data[table].push(saved);
  save();
  return saved;
}

const find = (table, id) => data[table].find((r) => r.id === Number(id));

function remove(table, id) {
  data[table] = data[table].filter((r) => r.id !== Number(id));
  save();
}

module.exports = { data, save, insert, find, remove };
