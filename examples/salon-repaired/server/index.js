const { port } = require('./config');
const { ensureOwner } = require('./owner');
const app = require('./app');

ensureOwner().then(() => {
  app.listen(port, '127.0.0.1', () => console.log(`✨ Salon Lumen is running on http://127.0.0.1:${port}`));
}).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
