// Signs in with passkeys as a person would: a real Chromium with a virtual authenticator, against the real server.
// Takes the Chromium, the address of the server, that of the page that its passkeys are for, and an e-mail address with its
// password. Prints what came of each step, as JSON.

import http from 'node:http'
import { chromium } from 'playwright-core'

const [, , executablePath, base, own, email, password] = process.argv
const steps = {}

async function ask(field, input, selected, token) {
  const type = field[0].toUpperCase() + field.slice(1) + 'Input'
  const query = input
    ? `mutation($input: ${type}!) { ${field}(input: $input) { ${selected} userErrors { code path } } }`
    : `mutation { ${field} { ${selected} userErrors { code path } } }`
  const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) }
  const response = await fetch(`${base}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables: { input } }) })
  const answer = await response.json()
  if (answer.errors) return { userErrors: [{ code: answer.errors[0].extensions?.code, path: answer.errors[0].message }] }
  return answer.data[field]
}

const code = (payload) => payload.userErrors.map((error) => `${error.code} ${error.path}`.trim()).join()
const CEREMONY = 'ceremony { token options }'
const TOKENS = 'session { accessToken account { email } }'
const STEP = `${TOKENS} challenge { token factors mustEnrol passkeyOptions }`
const signIn = () => ask('signIn', { email, password }, STEP)

const create = (page, options) => page.evaluate(async (options) => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
  return (await navigator.credentials.create({ publicKey })).toJSON()
}, options)

const get = (page, options) => page.evaluate(async (options) => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
  return (await navigator.credentials.get({ publicKey })).toJSON()
}, options)

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
const page = await (await browser.newContext()).newPage()
const serve = async (port) => {
  const server = http.createServer((_, response) => response.setHeader('Content-Type', 'text/html').end('<title>page</title>'))
  await new Promise((ready) => server.listen(port, 'localhost', ready))
  return server
}
// The page of a frontend, and one of another origin that the same passkeys can be asked for on.
const [frontend, other] = [await serve(new URL(own).port), await serve(0)]

try {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
      isUserVerified: true, automaticPresenceSimulation: true,
    },
  })
  await page.goto(own)

  let token = (await signIn()).session.accessToken
  const begun = await ask('beginPasskeyRegistration', {}, CEREMONY, token)
  const credential = await create(page, begun.ceremony.options)
  const registration = { ceremony: begun.ceremony.token, name: 'A phone', credential }
  const KEPT = 'passkey { id name } recoveryCodes session { accessToken }'
  const kept = await ask('finishPasskeyRegistration', registration, KEPT, token)
  steps.register = [code(kept), kept.passkey?.name, kept.recoveryCodes?.length, kept.session]
  steps.registerReplayed = code(await ask('finishPasskeyRegistration', registration, KEPT, token))

  const { challenge } = await signIn()
  steps.asked = [challenge.factors, challenge.mustEnrol]
  const shown = await get(page, challenge.passkeyOptions)
  const elsewhere = (await signIn()).challenge
  const complete = (challenge, passkey) => ask('completeSignIn', { challenge: challenge.token, factor: { passkey } }, STEP)
  steps.ofAnotherChallenge = code(await complete(elsewhere, shown))
  const second = await complete(challenge, shown)
  steps.secondFactor = [code(second), second.session?.account.email]
  steps.secondFactorReplayed = code(await complete(challenge, shown))
  steps.replayedElsewhere = code(await complete((await signIn()).challenge, shown))

  const alone = (ceremony, credential) => ask('finishPasskeySignIn', { ceremony: ceremony.token, credential }, TOKENS)
  const open = async () => (await ask('beginPasskeySignIn', null, CEREMONY)).ceremony
  const ceremony = await open()
  const answer = await get(page, ceremony.options)
  const signed = await alone(ceremony, answer)
  steps.alone = [code(signed), signed.session?.account.email]
  steps.aloneReplayed = code(await alone(ceremony, answer))
  steps.aloneElsewhere = code(await alone(await open(), answer))
  token = signed.session.accessToken

  const confirmation = (await ask('beginPasskeyConfirmation', null, CEREMONY, token)).ceremony
  const input = { ceremony: confirmation.token, credential: await get(page, confirmation.options) }
  const confirmed = await ask('confirmWithPasskey', input, 'confirmedUntil', token)
  steps.confirm = [code(confirmed), typeof confirmed.confirmedUntil]
  steps.confirmReplayed = code(await ask('confirmWithPasskey', input, 'confirmedUntil', token))

  const foreign = await open()
  await page.goto(`http://localhost:${other.address().port}/`)
  steps.wrongOrigin = code(await alone(foreign, await get(page, foreign.options)))
  await page.goto(own)

  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
  const unverified = await open()
  const weak = await get(page, { ...unverified.options, userVerification: 'discouraged' })
  steps.unverified = code(await alone(unverified, weak))
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true })

  const tampered = await open()
  const forged = await get(page, tampered.options)
  forged.response.userHandle = Buffer.from(new Uint8Array(16)).toString('base64url')
  steps.anothersHandle = code(await alone(tampered, forged))

  const copy = (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials[0]
  await cdp.send('WebAuthn.removeCredential', { authenticatorId, credentialId: copy.credentialId })
  await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: { ...copy, signCount: 1 } })
  const cloned = await open()
  steps.copied = code(await alone(cloned, await get(page, cloned.options)))
  await cdp.send('WebAuthn.removeCredential', { authenticatorId, credentialId: copy.credentialId })
  await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: { ...copy, signCount: copy.signCount + 10 } })

  const removed = await ask('removePasskey', { id: kept.passkey.id }, 'factors { passkeys { id } recoveryCodesLeft }', token)
  steps.remove = [code(removed), removed.factors]
  const gone = await open()
  steps.afterRemoval = code(await alone(gone, await get(page, gone.options)))
  const last = await signIn()
  steps.passwordAgain = [code(last), last.session?.account.email]
} finally {
  frontend.close()
  other.close()
  await browser.close()
}
console.log(JSON.stringify(steps))
