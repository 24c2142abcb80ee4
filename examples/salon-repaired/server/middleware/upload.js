const crypto = require('crypto');
const fs = require('fs/promises');
const path = require('path');
const multer = require('multer');
const { dataDir } = require('../config');
const { BadInput } = require('../lib/validate');

// Outside the web root: a photo only leaves through the route that checks who asks.
const PHOTO_DIR = path.join(dataDir, 'photos');
const MAX_BYTES = 5 * 1024 * 1024;

const receivePhoto = multer({
  storage: multer.memoryStorage(),
  limits: { fileSize: MAX_BYTES, files: 1, fields: 0, parts: 1 },
}).single('photo');

// The first bytes decide, never the name or the type that the browser claims.
function imageKind(bytes) {
  if (bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return { type: 'image/jpeg', extension: 'jpg' };
  if (bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex'))) return { type: 'image/png', extension: 'png' };
  if (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP') return { type: 'image/webp', extension: 'webp' };
  return null;
}

async function storePhoto(bytes) {
  const kind = imageKind(bytes);
  if (!kind) throw new BadInput('Please choose a JPEG, PNG or WebP picture');
  const file = `${crypto.randomUUID()}.${kind.extension}`;
  await fs.mkdir(PHOTO_DIR, { recursive: true, mode: 0o700 });
  await fs.writeFile(path.join(PHOTO_DIR, file), bytes, { mode: 0o600 });
  return { file, type: kind.type };
}

const readPhoto = (photo) => fs.readFile(path.join(PHOTO_DIR, photo.file));
const deletePhoto = (photo) => fs.rm(path.join(PHOTO_DIR, photo.file), { force: true });

module.exports = { receivePhoto, storePhoto, readPhoto, deletePhoto };
