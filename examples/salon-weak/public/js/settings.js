// Keys for the services we use

export const STRIPE_PUBLISHABLE_KEY = 'pk_live_EXAMPLEexampleEXAMPLEexample00';

export const firebaseConfig = {
  apiKey: 'AIzaEXAMPLEexampleEXAMPLEexampleEXAMPLE',
  authDomain: 'salon-lumen-example.firebaseapp.com',
  projectId: 'salon-lumen-example',
  messagingSenderId: '000000000000',
};

// Needed to create payment links
export const STRIPE_SECRET_KEY = 'sk_live_EXAMPLEexampleEXAMPLEexample00';
