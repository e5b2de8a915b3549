// Signs in from a page in a real browser, with cookies and with a provider. It fails with the first thing that is not so.
//
// Arguments: the address of the server, Chromium, the editor's password, and the provider, which knows the login "ed".

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [kindling, executablePath, password, issuer] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const context = await browser.newContext();
const page = await context.newPage();

const proof = { "Kindling-CSRF": "1" };
const json = { "Content-Type": "application/json" };
const ask = (on, headers, query, variables) =>
  on.evaluate(
    async ({ url, headers, body }) => {
      const options = { method: "POST", credentials: "include", headers, body };
      const answer = await fetch(url, options).catch(() => null);
      return answer && { status: answer.status, ...(await answer.json()) };
    },
    { url: `${kindling}/graphql`, headers: { ...json, ...headers }, body: JSON.stringify({ query, variables }) },
  );
const viewer = async (headers = proof) => (await ask(page, headers, "{ viewer { email } }")).data?.viewer?.email;
const signOut = "mutation { signOut { endedAt } }";

try {
  await page.goto(kindling);
  const signIn = `mutation($input: SignInInput!) { signIn(input: $input) {
    session { accessToken refreshToken account { email } } userErrors { message } } }`;
  const input = { email: "editor@demo.example", password, transport: "COOKIE" };
  const { data } = await ask(page, proof, signIn, { input });
  assert.deepEqual(data.signIn.session, {
    accessToken: null,
    refreshToken: null,
    account: { email: "editor@demo.example" },
  });
  const kept = (await context.cookies(kindling)).filter(({ name }) => name.startsWith("__Host-kindling-"));
  assert.equal(kept.length, 2);
  for (const { httpOnly, secure, sameSite, path } of kept) {
    assert.deepEqual([httpOnly, secure, sameSite, path], [true, true, "Strict", "/"]);
  }
  assert.equal(await page.evaluate(() => document.cookie), "", "no script sees them");
  assert.equal(await viewer(), "editor@demo.example");
  assert.equal(await viewer({}), undefined, "without the header, it is nobody");
  assert.equal((await ask(page, {}, signOut)).status, 403);

  const foreign = await context.newPage();
  await foreign.goto(`${issuer}/.well-known/openid-configuration`);
  assert.equal(await ask(foreign, proof, signOut), null, "another site may not ask");
  assert.equal(await ask(foreign, {}, signOut), null);
  await foreign.evaluate(async (url) => {
    const body = JSON.stringify({ query: "mutation { signOut { endedAt } }" });
    // The request is sent; the answer is kept from the page.
    await fetch(url, { method: "POST", mode: "no-cors", credentials: "include", body }).catch(() => {});
  }, `${kindling}/graphql`);
  assert.equal(await viewer(), "editor@demo.example", "and has done nothing");

  await ask(page, proof, "mutation { refreshSession(input: {}) { userErrors { message } } }");
  assert.equal(await viewer(), "editor@demo.example");
  assert.ok((await ask(page, proof, signOut)).data.signOut.endedAt);
  assert.deepEqual(await context.cookies(kindling), []);
  assert.equal(await viewer(), undefined);

  await page.goto(`${kindling}/auth/oidc/one?return_to=${kindling}/&state=xyz`);
  await page.fill("input[name=login]", "ed");
  await page.fill("input[name=password]", "x");
  await page.click("button[type=submit]");
  await page.waitForURL(/#challenge=/);
  const said = new URLSearchParams(new URL(page.url()).hash.slice(1));
  assert.equal(said.get("state"), "xyz");
  const complete = `mutation($input: CompleteSignInInput!) { completeSignIn(input: $input) { userErrors { message } } }`;
  await ask(page, proof, complete, { input: { challenge: said.get("challenge"), transport: "COOKIE" } });
  assert.equal(await viewer(), "editor@demo.example", "signed in by the provider");
} finally {
  await browser.close();
}
