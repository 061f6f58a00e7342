// oidc-provider with client credentials, both client authentications, scopes and resource
// indicators. Configured by one JSON text in OIDC_PROVIDER:
//   { port, scopes, resources: {indicator: "scopes"}, clients: [{client_id, method, scope, …}] }
// With tls: {key, cert, ca} it speaks https, and clients that `ca` vouches for may prove themselves by
// their certificate (RFC 8705 §2.1). A client with an assertion_jwk is one whose signed assertions are
// good for tokens (RFC 7523 §2.1); jose, which nobody here wrote, verifies them.
// A client has a client_secret, or jwks or jwks_uri and a signing algorithm. With redirect_uris it
// is one whose users consent, on the provider's own development pages.
// Writes a line of JSON for each exchange, without the token: {client_id, status, error, at}.
import { createServer } from 'node:https';

import { importJWK, jwtVerify } from 'jose';
import { Provider, errors } from 'oidc-provider';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const { port, scopes, resources, clients, tls } = JSON.parse(process.env.OIDC_PROVIDER);
const issuer = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
const assertionKeys = new Map(clients.map((client) => [client.client_id, client.assertion_jwk]));
const grantTypesOf = (client) => {
  if (client.redirect_uris) return ['authorization_code', 'refresh_token'];
  return client.assertion_jwk ? [JWT_BEARER] : ['client_credentials'];
};

const provider = new Provider(issuer, {
  clients: clients.map(({ method, algorithm, redirect_uris, assertion_jwk, ...client }) => ({
    ...client,
    token_endpoint_auth_method: method,
    token_endpoint_auth_signing_alg: algorithm,
    grant_types: grantTypesOf({ redirect_uris, assertion_jwk }),
    redirect_uris: redirect_uris ?? [],
    response_types: redirect_uris ? ['code'] : [],
  })),
  clientAuthMethods: [
    ...['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    ...(tls ? ['tls_client_auth'] : []),
  ],
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
    mTLS: {
      enabled: Boolean(tls),
      tlsClientAuth: Boolean(tls),
      getCertificate: (ctx) => ctx.socket.getPeerX509Certificate(),
      certificateAuthorized: (ctx) => ctx.socket.authorized,
      certificateSubjectMatches: (ctx, property, expected) =>
        property === 'tls_client_auth_subject_dn' &&
        ctx.socket.getPeerX509Certificate().subject === expected,
    },
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

const tokenForAssertion = async (ctx) => {
  const { client, params } = ctx.oidc;
  const jwk = assertionKeys.get(client.clientId);
  try {
    await jwtVerify(params.assertion, await importJWK(jwk, jwk.alg), {
      audience: `${issuer}/token`,
      issuer: client.clientId,
      maxTokenAge: '60s',
      requiredClaims: ['sub', 'exp', 'iat', 'jti'],
    });
  } catch {
    throw new errors.InvalidGrant('the assertion does not verify');
  }
  const token = new ctx.oidc.provider.ClientCredentials({ client, scope: params.scope });
  const access_token = await token.save();
  ctx.body = { access_token, expires_in: token.expiration, token_type: 'Bearer', scope: token.scope };
};
provider.registerGrantType(JWT_BEARER, tokenForAssertion, ['assertion', 'scope']);

provider.use(async (ctx, next) => {
  await next();
  if (ctx.path === '/token') {
    const client_id = ctx.oidc?.client?.clientId ?? null;
    const line = { client_id, status: ctx.status, error: ctx.body?.error ?? null, at: Date.now() / 1000 };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
});

const server = tls
  ? createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, provider.callback())
  : provider;
server.listen(port, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ issuer })}\n`);
});
