import { api, el, money, toast, muted, strong, pill, cell, onSubmit, $ } from '/js/http.js';
import { shell } from '/js/app.js';

await shell();

const input = (name, value, step, label) => el('input', { name, value, step, type: 'number', min: '0', ariaLabel: label });

function person(s) {
  const wage = input('hourlyWage', s.hourlyWage, '0.1', 'Hourly wage');
  const hours = input('hoursPerWeek', s.hoursPerWeek, '1', 'Hours per week');
  const save = async () => {
    try {
      await api(`/admin/staff/${s.id}`, { method: 'PUT', body: { hourlyWage: wage.value, hoursPerWeek: hours.value } });
      toast('Saved');
      load();
    } catch (error) {
      toast(error.message);
    }
  };
  return el('tr', {},
    cell('', strong(s.name), muted(s.position)),
    cell('nowrap', s.location),
    cell('nowrap', s.bankAccount),
    cell('num', wage),
    cell('num', hours),
    cell('num', money(s.hourlyWage * s.hoursPerWeek)),
    cell('', el('button', { className: 'small quiet', onclick: save }, 'Save')));
}

async function load() {
  const [staff, users] = await Promise.all([api('/admin/staff'), api('/admin/users')]);
  $('#rows').replaceChildren(...staff.map(person));
  $('#users').replaceChildren(...users.map((u) => el('tr', {}, cell('', u.name), cell('', u.email), cell('', pill(u.role)))));
}

const form = $('#login');
onSubmit(form, async (fields) => {
  await api('/admin/users', { method: 'POST', body: fields });
  form.reset();
  toast('Login created');
  load();
});

load();
