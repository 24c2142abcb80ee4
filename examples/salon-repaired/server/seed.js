// Invented example data, only for trying the app out. Nobody has a login until the owner makes one.
const day = (offset) => new Date(Date.now() + offset * 86400000).toISOString().slice(0, 10);

const example = () => ({
  users: [],
  sessions: [],
  locations: ['Old Town', 'Riverside', 'Station Square'],
  services: [
    { id: 1, name: 'Cut & finish', minutes: 45, price: 48 },
    { id: 2, name: 'Gentleman’s cut', minutes: 30, price: 29 },
    { id: 3, name: 'Full colour', minutes: 120, price: 95 },
    { id: 4, name: 'Balayage', minutes: 180, price: 165 },
    { id: 5, name: 'Bridal styling', minutes: 150, price: 210 },
    { id: 6, name: 'Repair treatment', minutes: 40, price: 38 },
  ],
  customers: [
    { id: 1, name: 'Priya Nair', email: 'priya.nair@mail.example', phone: '01632 960101', birthday: '1991-04-12', location: 'Old Town', notes: 'Allergic to PPD colour. Prefers quiet appointments.' },
    { id: 2, name: 'Tom Okafor', email: 'tom.okafor@mail.example', phone: '01632 960102', birthday: '1986-11-02', location: 'Riverside', notes: 'Number 2 on the sides, scissors on top.' },
    { id: 3, name: 'Hanna Lindqvist', email: 'hanna.l@mail.example', phone: '01632 960103', birthday: '1979-07-23', location: 'Old Town', notes: 'Formula 7.43 + 20 vol, 35 minutes.' },
    { id: 4, name: 'Grace Whitlock', email: 'grace.w@mail.example', phone: '01632 960104', birthday: '1998-01-30', location: 'Station Square', notes: 'Wedding in autumn, trial booked.' },
    { id: 5, name: 'Marco Bellini', email: 'marco.b@mail.example', phone: '01632 960105', birthday: '1983-09-17', location: 'Riverside', notes: '' },
    { id: 6, name: 'Aisha Rahman', email: 'aisha.r@mail.example', phone: '01632 960106', birthday: '1994-06-05', location: 'Station Square', notes: 'Pregnant, patch test every visit.' },
  ],
  staff: [
    { id: 1, name: 'Elena Marsh', position: 'Owner', location: 'Old Town', hourlyWage: 28.5, hoursPerWeek: 40, bankAccount: 'GB00 EXAM 0000 0000 0000 01' },
    { id: 2, name: 'Mia Thompson', position: 'Senior stylist', location: 'Old Town', hourlyWage: 19.4, hoursPerWeek: 36, bankAccount: 'GB00 EXAM 0000 0000 0000 02' },
    { id: 3, name: 'Jonas Weber', position: 'Colour specialist', location: 'Riverside', hourlyWage: 21.1, hoursPerWeek: 32, bankAccount: 'GB00 EXAM 0000 0000 0000 03' },
    { id: 4, name: 'Ruby Clarke', position: 'Stylist', location: 'Station Square', hourlyWage: 15.8, hoursPerWeek: 38, bankAccount: 'GB00 EXAM 0000 0000 0000 04' },
    { id: 5, name: 'Noah Price', position: 'Apprentice', location: 'Riverside', hourlyWage: 9.6, hoursPerWeek: 30, bankAccount: 'GB00 EXAM 0000 0000 0000 05' },
  ],
  appointments: [
    { id: 1, customerId: 1, stylist: 'Mia Thompson', serviceId: 1, location: 'Old Town', date: day(0), time: '09:30', status: 'confirmed', price: 48, wishes: 'A little shorter than last time' },
    { id: 2, customerId: 2, stylist: 'Jonas Weber', serviceId: 2, location: 'Riverside', date: day(0), time: '11:00', status: 'confirmed', price: 29, wishes: '' },
    { id: 3, customerId: 3, stylist: 'Mia Thompson', serviceId: 3, location: 'Old Town', date: day(0), time: '14:15', status: 'requested', price: 95, wishes: 'Same copper tone' },
    { id: 4, customerId: 4, stylist: 'Ruby Clarke', serviceId: 5, location: 'Station Square', date: day(1), time: '10:00', status: 'confirmed', price: 210, wishes: 'Trial for the wedding' },
    { id: 5, customerId: 6, stylist: 'Ruby Clarke', serviceId: 6, location: 'Station Square', date: day(2), time: '16:30', status: 'requested', price: 38, wishes: '' },
    { id: 6, customerId: 5, stylist: 'Noah Price', serviceId: 2, location: 'Riverside', date: day(3), time: '12:00', status: 'confirmed', price: 29, wishes: '' },
  ],
  invoices: [
    { id: 1, number: 'SL-1041', customerId: 1, date: day(-28), text: 'Cut & finish', total: 48, paid: true },
    { id: 2, number: 'SL-1042', customerId: 2, date: day(-21), text: 'Gentleman’s cut', total: 29, paid: true },
    { id: 3, number: 'SL-1043', customerId: 3, date: day(-14), text: 'Full colour', total: 95, paid: false },
    { id: 4, number: 'SL-1044', customerId: 4, date: day(-9), text: 'Balayage', total: 165, paid: true },
    { id: 5, number: 'SL-1045', customerId: 1, date: day(-2), text: 'Repair treatment', total: 38, paid: false },
  ],
  photos: [],
});

module.exports = (demoData) => {
  const all = example();
  return demoData ? all : { ...all, customers: [], staff: [], appointments: [], invoices: [] };
};
