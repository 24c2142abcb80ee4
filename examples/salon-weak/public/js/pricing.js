// Estimated price for the booking form 💰

// What an hour of each stylist costs us
export const HOURLY_WAGES = {
  'Elena Marsh': 28.5,
  'Mia Thompson': 19.4,
  'Jonas Weber': 21.1,
  'Ruby Clarke': 15.8,
  'Noah Price': 9.6,
};

const MATERIAL_SHARE = 0.14;
const TARGET_MARGIN = 0.58;
const LOWEST_MARGIN = 0.31; // never go below this when a customer haggles

export function estimate(service, stylist) {
  const labour = (HOURLY_WAGES[stylist] * service.minutes) / 60;
  const cost = labour + service.price * MATERIAL_SHARE;
  return {
    price: service.price,
    lowest: cost / (1 - LOWEST_MARGIN),
    healthy: service.price >= cost / (1 - TARGET_MARGIN),
  };
}
