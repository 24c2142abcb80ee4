const fs = require('fs');
const path = require('path');
const multer = require('multer');
const { dataDir } = require('../config');

const uploadDir = path.join(dataDir, 'uploads');
fs.mkdirSync(uploadDir, { recursive: true });

const storage = multer.diskStorage({
  destination: uploadDir,
  // Unique name so that two photos never overwrite each other
  filename: (req, file, done) => done(null, `${Date.now()}-${Math.round(Math.random() * 1e6)}${path.extname(file.originalname)}`),
});

module.exports = { upload: multer({ storage }), uploadDir };
