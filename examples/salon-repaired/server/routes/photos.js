const express = require('express');
const db = require('../db');
const limits = require('../middleware/limits');
const asyncHandler = require('../lib/async');
const { BadInput } = require('../lib/validate');
const { requireLogin } = require('../middleware/auth');
const { receivePhoto, storePhoto, readPhoto } = require('../middleware/upload');

const router = express.Router();
router.use(requireLogin);

const mine = (user, appointment) => user.role !== 'customer' || appointment.customerId === user.customerId;

// Whose appointment it is gets decided before a single byte of the file is read.
function loadAppointment(req, res, next) {
  const appointment = db.find('appointments', req.query.appointment);
  if (!appointment || !mine(req.user, appointment)) return res.status(404).json({ error: 'Appointment not found' });
  req.appointment = appointment;
  next();
}

router.post('/', loadAppointment, limits.upload, receivePhoto, asyncHandler(async (req, res) => {
  if (!req.file) throw new BadInput('Please choose a photo');
  const stored = await storePhoto(req.file.buffer);
  const title = `Photo ${db.data.photos.filter((p) => p.appointmentId === req.appointment.id).length + 1}`;
  const photo = db.insert('photos', { appointmentId: req.appointment.id, title, uploadedBy: req.user.id, ...stored });
  res.status(201).json({ id: photo.id, title });
}));

router.get('/:id/file', asyncHandler(async (req, res) => {
  const photo = db.find('photos', req.params.id);
  const appointment = photo && db.find('appointments', photo.appointmentId);
  if (!appointment || !mine(req.user, appointment)) return res.status(404).json({ error: 'Photo not found' });
  const bytes = await readPhoto(photo);
  res.set('X-Content-Type-Options', 'nosniff');
  res.set('Content-Security-Policy', "default-src 'none'; sandbox");
  res.attachment(photo.file);
  res.type(photo.type).send(bytes);
}));

module.exports = router;
