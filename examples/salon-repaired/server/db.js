// A JSON file as database: enough for three salons, and nothing to install.
const fs = require('fs');
const path = require('path');
const { dataDir, demoData } = require('./config');
const seed = require('./seed');

const FILE = path.join(dataDir, 'salon.json');
const data = fs.existsSync(FILE) ? JSON.parse(fs.readFileSync(FILE, 'utf8')) : seed(demoData);

// Written beside and renamed, so that a power cut never leaves half a file.
function save() {
  fs.writeFileSync(`${FILE}.tmp`, JSON.stringify(data, null, 2), { mode: 0o600 });
  fs.renameSync(`${FILE}.tmp`, FILE);
}

// Ids are never given out twice: an old link must not point to somebody else's record.
data.lastIds ??= Object.fromEntries(Object.keys(data).map((table) => [table, data[table].length]));

function insert(table, row) {
  data.lastIds[table] += 1;
  const saved = { id: data.lastIds[table], ...row };
  data[table].push(saved);
  save();
  return saved;
}

const find = (table, id) => data[table].find((r) => r.id === Number(id));

function remove(table, matches) {
  data[table] = data[table].filter((r) => !matches(r));
  save();
}

module.exports = { data, save, insert, find, remove };
