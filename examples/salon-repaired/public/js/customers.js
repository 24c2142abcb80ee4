import { api, el, muted, strong, cell, $ } from '/js/http.js';
import { shell } from '/js/app.js';

const me = await shell();
$('#export').hidden = me.role !== 'owner';

async function load() {
  const customers = await api(`/customers?q=${encodeURIComponent($('#search').value)}`);
  $('#rows').replaceChildren(...customers.map((c) => el('tr', {},
    cell('', strong(c.name)),
    cell('', c.email, muted(c.phone)),
    cell('nowrap', c.birthday || '–'),
    cell('nowrap', c.location),
    cell('', c.notes || '–'))));
}

$('#search').addEventListener('input', load);
load();
