const express = require('express');
const db = require('../db');
const { requireLogin } = require('../middleware/auth');
const { upload } = require('../middleware/upload');

const router = express.Router();

router.post('/', requireLogin, upload.single('photo'), (req, res) => {
  if (!req.file) return res.status(400).json({ error: 'Please choose a photo' });
  const photo = db.insert('photos', {
    appointmentId: Number(req.body.appointmentId),
    title: req.file.originalname,
    url: `/uploads/${req.file.filename}`,
    uploadedBy: req.user.id,
  });
  res.status(201).json(photo);
});

module.exports = router;
