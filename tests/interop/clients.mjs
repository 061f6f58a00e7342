// One client of npm gets a token by its own ways, then is refused a scope. Prints both as JSON.
import process from "node:process";

const { TOKENVEND_URL: base, CLIENT: name, CLIENT_ID: id, CLIENT_SECRET: secret } = process.env;
const issuer = new URL(`${base}/oauth2/jobs`);
const endpoint = `${issuer.href}/token`;

const ways = {
  "openid-client": async (scope, method) => {
    const client = await import("openid-client");
    const authentication =
      method === "post" ? client.ClientSecretPost(secret) : client.ClientSecretBasic(secret);
    const config = await client.discovery(issuer, id, undefined, authentication);
    return client.clientCredentialsGrant(config, { scope });
  },
  oauth4webapi: async (scope, method) => {
    const oauth = await import("oauth4webapi");
    const found = await oauth.discoveryRequest(issuer, { algorithm: "oidc" });
    const server = await oauth.processDiscoveryResponse(issuer, found);
    const client = { client_id: id };
    const authentication =
      method === "post" ? oauth.ClientSecretPost(secret) : oauth.ClientSecretBasic(secret);
    const answer = await oauth.clientCredentialsGrantRequest(
      server, client, authentication, new URLSearchParams({ scope }),
    );
    return oauth.processClientCredentialsResponse(server, client, answer);
  },
  "simple-oauth2": async (scope, method) => {
    const { ClientCredentials } = await import("simple-oauth2");
    const client = new ClientCredentials({
      client: { id, secret },
      auth: { tokenHost: base, tokenPath: new URL(endpoint).pathname },
      options: { authorizationMethod: method === "post" ? "body" : "header" },
    });
    return (await client.getToken({ scope })).token;
  },
  "@badgateway/oauth2-client": async (scope, method) => {
    const { OAuth2Client } = await import("@badgateway/oauth2-client");
    const client = new OAuth2Client({
      server: base,
      clientId: id,
      clientSecret: secret,
      tokenEndpoint: endpoint,
      authenticationMethod: method === "post" ? "client_secret_post" : "client_secret_basic",
    });
    const { accessToken } = await client.clientCredentials({ scope: [scope] });
    return { access_token: accessToken, token_type: "Bearer" };
  },
};

const method = process.env.METHOD;
const token = await ways[name]("jobs_read", method);
let refusal = "";
try {
  await ways[name]("jobs_manage", method);
} catch (error) {
  const parts = [error.error, error.code, error.oauth2Code, error.data?.payload?.error];
  refusal = parts.find((part) => part === "invalid_scope") ?? String(error);
}
console.log(JSON.stringify({ has_token: Boolean(token.access_token), type: token.token_type, refusal }));
