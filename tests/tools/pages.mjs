// Drives the pages of an invitation and of a new password in a real browser, as somebody on a phone would. Takes the browser,
// the address of the server, and the tokens of an invitation, a new password and another address; prints what it saw.

import { chromium } from "playwright-core";

const [executablePath, base, invitation, reset, change, shots] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
const faults = [];
page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
page.on("pageerror", (error) => faults.push(String(error)));
const seen = {};
const wide = () => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
const shot = (name) => shots && page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
const shown = async (id) => (await page.locator(`#${id}`).isVisible()) && page.locator(`#${id}`).innerText();

await page.goto(`${base}/invitation#${invitation}`);
seen.address = page.url();
await shot("invitation");
await page.getByLabel("Password").fill("password1234");
await page.getByRole("button").click();
await page.locator("#password-fault:not(:empty)").waitFor();
seen.weak = await page.locator("#password-fault").innerText();
seen.focus = await page.evaluate(() => document.activeElement.id);
await shot("invitation-weak");
await page.getByLabel("Password").fill("a lantern in seven windows");
await page.getByRole("button").click();
await page.locator("#done").waitFor();
seen.joined = await shown("done");
seen.wide = await wide();
await page.goto(`${base}/invitation`);
seen.lacking = await shown("no-token");

await page.goto(`${base}/password-reset#${reset}`);
await page.getByLabel("New password").fill("seven windows and a lantern");
await page.getByRole("button").click();
await page.locator("#done").waitFor();
seen.reset = await shown("done");
await page.goto(`${base}/password-reset`);
await page.reload();
await shot("password-reset");
await page.getByLabel("E-mail").fill("ann@example.org");
await page.getByRole("button").click();
await page.locator(".notice:visible, #sent:visible").first().waitFor();
seen.asked = await page.locator(".notice:visible, #sent:visible").first().innerText();
await shot("password-reset-asked");

await page.goto(`${base}/email-change#${change}`);
await shot("email-change");
await page.getByRole("button").click();
await page.locator("#done").waitFor();
seen.changed = await shown("done");
await page.goto(`${base}/email-change#${change}`);
await page.reload();
seen.faults = faults;
await browser.close();
console.log(JSON.stringify(seen));
