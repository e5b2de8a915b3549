// A real OpenID provider, for tests. It prints its issuer, and ends when its input does.
//
// Arguments: the addresses that it may send browsers back to; --lean leaves all but the subject out of ID tokens.
// PUT /control/<login> sets the claims of a login, as JSON.

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

const answer = provider.callback();
server.on("request", async (request, response) => {
  const login = request.url.match(/^\/control\/(.+)$/)?.[1];
  if (!login) return answer(request, response);
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  accounts.set(decodeURIComponent(login), JSON.parse(Buffer.concat(pieces).toString()));
  response.writeHead(204).end();
});
process.stdin.resume().on("end", () => process.exit());
console.log(issuer);
