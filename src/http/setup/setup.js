// Makes the first account with the token that follows # in the address of the page.

const MUTATION = `mutation CreateFirstAdmin($input: CreateFirstAdminInput!) {
  createFirstAdmin(input: $input) { account { email } userErrors { message path } }
}`;

const element = (id) => document.getElementById(id);
const form = element("form");
const button = form.querySelector("button");
const FIELDS = ["email", "name", "password"];

const token = location.hash.slice(1);
// The token need not stay in the address, where a history or a screenshot would show it.
history.replaceState(null, "", location.pathname);
element(token ? "form" : "no-token").hidden = false;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  show([]);
  button.disabled = true;
  const input = { token };
  for (const field of FIELDS) input[field] = element(field).value;
  try {
    const { account, userErrors } = await send(input);
    if (account) {
      finish(account);
    } else {
      show(userErrors);
    }
  } catch {
    show([{ path: "", message: "The server did not answer. Try again in a moment." }]);
  } finally {
    button.disabled = false;
  }
});

async function send(input) {
  const response = await fetch("/graphql", {
    method: "POST",
    // Cookies of a session that this browser once had here would only get in the way.
    credentials: "omit",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query: MUTATION, variables: { input } }),
  });
  const { data } = await response.json();
  return data.createFirstAdmin;
}

// Puts each fault below its field, and what concerns no field above them all.
function show(faults) {
  for (const field of FIELDS) {
    const fault = faults.find(({ path }) => path === field);
    element(`${field}-fault`).textContent = fault ? `This ${fault.message}.` : "";
    element(field).setAttribute("aria-invalid", String(Boolean(fault)));
  }
  const general = faults.find(({ path }) => !FIELDS.includes(path));
  element("fault").textContent = general ? general.message : "";
  element("fault").hidden = !general;
  const first = FIELDS.find((field) => faults.some(({ path }) => path === field));
  if (general) element("fault").focus();
  else if (first) element(first).focus();
}

function finish(account) {
  form.reset();
  form.hidden = true;
  element("as").textContent = account.email;
  element("done").hidden = false;
  element("done").focus();
}
