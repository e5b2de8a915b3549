// Sends the form of a page, with the token that follows # in its address. A form says in its data which mutation it is for:
// data-mutation and, if the answer is to be shown, data-shows. A form with data-token is for those who come with one.

const element = (id) => document.getElementById(id);
const token = location.hash.slice(1);
// The token need not stay in the address, where a history or a screenshot would show it.
history.replaceState(null, "", location.pathname);

const forms = [...document.querySelectorAll("form")];
const form = forms.find(({ dataset }) => "token" in dataset === Boolean(token));
if (form) {
  form.hidden = false;
  form.addEventListener("submit", submit);
} else {
  element("no-token").hidden = false;
}

async function submit(event) {
  event.preventDefault();
  show([]);
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const { userErrors, ...rest } = await send();
    if (userErrors.length > 0) show(userErrors);
    else finish(rest);
  } catch (error) {
    show([{ path: "", message: error.told ?? "The server did not answer. Try again in a moment." }]);
  } finally {
    button.disabled = false;
  }
}

async function send() {
  const { mutation, shows } = form.dataset;
  const input = token ? { token } : {};
  for (const { name, value, required } of fields()) if (required || value) input[name] = value;
  const type = `${mutation[0].toUpperCase()}${mutation.slice(1)}Input`;
  const query = `mutation($input: ${type}!) { ${mutation}(input: $input) { ${shows} userErrors { message path } } }`;
  const response = await fetch(new URL("../graphql", import.meta.url), {
    method: "POST",
    // Cookies of a session that this browser has here would only get in the way.
    credentials: "omit",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const { data, errors } = await response.json();
  if (errors?.[0].extensions?.code === "TOO_MANY_ATTEMPTS") {
    throw Object.assign(new Error(), { told: sentence(errors[0].message) });
  }
  return data[mutation];
}

function fields() {
  return [...form.querySelectorAll("input")];
}

// Puts each fault below its field, and what concerns no field above them all.
function show(faults) {
  const named = fields().map(({ name }) => name);
  for (const field of fields()) {
    const fault = faults.find(({ path }) => path === field.name);
    element(`${field.id}-fault`).textContent = fault ? `This ${fault.message}.` : "";
    field.setAttribute("aria-invalid", String(Boolean(fault)));
  }
  const general = faults.find(({ path }) => !named.includes(path));
  const notice = form.querySelector(".notice");
  notice.textContent = general ? sentence(general.message) : "";
  notice.hidden = !general;
  const first = fields().find(({ name }) => faults.some(({ path }) => path === name));
  if (general) notice.focus();
  else if (first) first.focus();
}

function sentence(text) {
  const end = text.endsWith(".") ? "" : ".";
  return `${text[0].toUpperCase()}${text.slice(1)}${end}`;
}

function finish({ account }) {
  form.reset();
  form.hidden = true;
  const done = element(form.dataset.done ?? "done");
  const as = done.querySelector(".as");
  if (as) as.textContent = account.email;
  done.hidden = false;
  done.focus();
}
