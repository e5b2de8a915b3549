// A real OpenID provider, for tests. It prints its issuer, and ends when its input does.
//
// Arguments: the addresses that it may send browsers back to; --lean leaves all but the subject out of ID tokens.
// PUT /control/<login> sets the claims of a login, as JSON. PUT /new-keys has it sign with a key that nobody knows yet.
// PUT /at-hash has ID tokens name the access token that comes with them ("right"), or another one ("wrong").

import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const lean = process.argv.includes("--lean");
const redirectUris = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const accounts = new Map();

const server = createServer();
server.listen(0, "127.0.0.1");
await once(server, "listening");
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    { client_id: "kindling", client_secret: "canary-client-secret", redirect_uris: redirectUris },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
  conformIdTokenClaims: lean,
  cookies: { keys: ["a key for tests"] },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, id) =>
    accounts.has(id) && { accountId: id, claims: () => ({ sub: id, ...accounts.get(id) }) },
  // Nobody is asked for consent.
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({
      clientId: oidc.client.clientId,
      accountId: oidc.session.accountId,
    });
    grant.addOIDCScope([...oidc.requestParamScopes].join(" "));
    await grant.save();
    return grant;
  },
  pkce: { required: () => true },
});

let atHash, key, kid;
function newKeys() {
  key = generateKeyPairSync("rsa", { modulusLength: 2048 });
  kid = randomUUID();
}
newKeys();

const encoded = (claims) => Buffer.from(JSON.stringify(claims)).toString("base64url");

/** The ID token as it is signed now, with the hash of an access token if it is to have one. */
function signed({ id_token: token, access_token: access }) {
  const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
  if (atHash) {
    const digest = createHash("sha256").update(atHash === "right" ? access : `not ${access}`).digest();
    claims.at_hash = digest.subarray(0, 16).toString("base64url");
  }
  const text = `${encoded({ alg: "RS256", kid })}.${encoded(claims)}`;
  return `${text}.${sign("sha256", Buffer.from(text), key.privateKey).toString("base64url")}`;
}

provider.use(async (context, next) => {
  await next();
  if (context.path === "/jwks") {
    context.body = { keys: [{ ...key.publicKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" }] };
  } else if (context.body?.id_token) {
    context.body.id_token = signed(context.body);
  }
});

const answer = provider.callback();
server.on("request", async (request, response) => {
  const [, control, login] = request.url.match(/^\/(new-keys|at-hash|control\/(.+))$/) ?? [];
  if (!control) return answer(request, response);
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const body = Buffer.concat(pieces).toString();
  if (login) accounts.set(decodeURIComponent(login), JSON.parse(body));
  else if (control === "new-keys") newKeys();
  else atHash = body;
  response.writeHead(204).end();
});
process.stdin.resume().on("end", () => process.exit());
console.log(issuer);
