// oidc-provider with client credentials, both client authentications, scopes and resource
// indicators. Configured by one JSON text in OIDC_PROVIDER:
//   { port, scopes, resources: {indicator: "scopes"}, clients: [{client_id, method, scope, …}] }
// A client has a client_secret, or jwks or jwks_uri and a signing algorithm. With redirect_uris it
// is one whose users consent, on the provider's own development pages.
// Writes a line of JSON for each exchange, without the token: {client_id, status, error, at}.
import { Provider, errors } from 'oidc-provider';

const { port, scopes, resources, clients } = JSON.parse(process.env.OIDC_PROVIDER);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: clients.map(({ method, algorithm, redirect_uris, ...client }) => ({
    ...client,
    token_endpoint_auth_method: method,
    token_endpoint_auth_signing_alg: algorithm,
    grant_types: redirect_uris ? ['authorization_code', 'refresh_token'] : ['client_credentials'],
    redirect_uris: redirect_uris ?? [],
    response_types: redirect_uris ? ['code'] : [],
  })),
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  // Its own dispatcher takes no loopback address, and it waits 2.5 s.
  fetch: (url, { dispatcher, ...options }) =>
    fetch(url, { ...options, signal: AbortSignal.timeout(20_000) }),
  scopes,
  ttl: { ClientCredentials: 600 },
  // Each refresh token is good for one use; one that comes again revokes the whole consent.
  rotateRefreshToken: true,
  features: {
    devInteractions: { enabled: clients.some(({ redirect_uris }) => redirect_uris) },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo(ctx, indicator) {
        if (!(indicator in resources)) throw new errors.InvalidTarget();
        return {
          scope: resources[indicator],
          audience: indicator,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg: 'RS256' } },
        };
      },
    },
  },
});

provider.use(async (ctx, next) => {
  await next();
  if (ctx.path === '/token') {
    const client_id = ctx.oidc?.client?.clientId ?? null;
    const line = { client_id, status: ctx.status, error: ctx.body?.error ?? null, at: Date.now() / 1000 };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
});

provider.listen(port, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ issuer })}\n`);
});
