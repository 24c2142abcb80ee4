import { api, shell, esc, money, date, toast, $ } from '/js/app.js';
import { STRIPE_SECRET_KEY } from '/js/settings.js';

shell();

const id = new URLSearchParams(location.search).get('id');

async function load() {
  const invoice = await api(`/invoices/${id}`);
  $('#number').textContent = `Invoice ${invoice.number}`;
  $('#invoice').innerHTML = `
    <div class="page-head"><div><strong>${esc(invoice.customer.name)}</strong><br>${esc(invoice.customer.email)}<br>${esc(invoice.customer.phone)}</div>
      <div class="muted">${date(invoice.date)}<br><span class="pill ${invoice.paid ? 'paid' : 'open'}">${invoice.paid ? 'paid' : 'open'}</span></div></div>
    <table><tr><td>${esc(invoice.text)}</td><td class="num">${money(invoice.total)}</td></tr></table>`;
  $('#actions').innerHTML = `<button class="quiet" onclick="print()">Print</button>${invoice.paid ? '' : '<button id="pay">Pay now</button>'}`;
  if (!invoice.paid) $('#pay').onclick = () => pay(invoice);
}

async function pay(invoice) {
  const body = new URLSearchParams({ amount: Math.round(invoice.total * 100), currency: 'gbp', description: invoice.number, confirm: 'true' });
  const response = await fetch('https://api.stripe.com/v1/payment_intents', {
    method: 'POST',
    headers: { Authorization: `Bearer ${STRIPE_SECRET_KEY}` },
    body,
  });
  if (!response.ok) return toast('The payment did not work');
  await api(`/invoices/${id}/paid`, { method: 'POST' });
  load();
}

load();
