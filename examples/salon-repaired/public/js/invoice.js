import { api, el, money, date, toast, muted, strong, pill, cell, $ } from '/js/http.js';
import { shell } from '/js/app.js';

await shell();

const id = Number(new URLSearchParams(location.search).get('id'));

async function pay() {
  try {
    const { url } = await api(`/invoices/${id}/checkout`, { method: 'POST' });
    if (!url.startsWith('https://checkout.stripe.com/')) throw new Error('The payment service sent an unexpected address');
    location.assign(url);
  } catch (error) {
    toast(error.message);
  }
}

const invoice = await api(`/invoices/${id}`);
$('#number').textContent = `Invoice ${invoice.number}`;
$('#invoice').replaceChildren(
  el('div', { className: 'page-head' },
    el('div', {}, strong(invoice.customer?.name || 'Deleted customer'), muted(invoice.customer?.email || ''), muted(invoice.customer?.phone || '')),
    el('div', {}, muted(date(invoice.date)), pill(invoice.paid ? 'paid' : 'open'))),
  el('table', {}, el('tr', {}, cell('', invoice.text), cell('num', money(invoice.total)))));
$('#actions').replaceChildren(
  el('button', { className: 'quiet', onclick: () => print() }, 'Print'),
  ...(invoice.paid ? [] : [el('button', { onclick: pay }, 'Pay now')]));
