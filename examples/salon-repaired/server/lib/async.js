/** Express 4 does not notice a rejected promise: without this, one error would end the whole app. */
module.exports = (handler) => (req, res, next) => handler(req, res, next).catch(next);
