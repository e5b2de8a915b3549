//! What is said to a provider, and what is believed of its answers.

use entity::Instant;
use openidconnect::{
    AccessTokenHash, AdditionalProviderMetadata, AuthType, AuthenticationFlow, AuthorizationCode,
    ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, ProviderMetadata, RedirectUrl, Scope, SignatureVerificationError,
    TokenResponse,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
        CoreGrantType, CoreIdTokenVerifier, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType,
        CoreSubjectIdentifierType, CoreTokenResponse,
    },
    http,
};
use serde::{Deserialize, Serialize};

use super::{
    Begun,
    claims::{self, Claims},
    fetch::fetch,
    trouble::{Trouble, refusal, wrong_in_claims},
};
use crate::{
    config::{OidcProvider, is_safe},
    crypto::Secret,
};

/// What a provider tells of itself, beside what the crate knows.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct More {
    /// Whether it names itself in its answers, so that nobody can mix them up (RFC 9207).
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for More {}

/// What a provider tells of itself.
pub(super) type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Signatures that nobody but the provider can make: none with a secret that this server has, too.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// A provider, and what it tells of itself.
pub(super) struct Known<'a> {
    pub(super) settings: &'a OidcProvider,
    pub(super) metadata: &'a Metadata,
    /// Where it sends browsers back to.
    pub(super) redirect: &'a str,
}

/// What a provider tells of itself, and its keys.
pub(super) async fn discover(
    http: reqwest::Client,
    settings: &OidcProvider,
) -> Result<Metadata, Trouble> {
    let issuer = IssuerUrl::new(settings.issuer.clone());
    let issuer = issuer.map_err(|error| Trouble::new("its address is none", error))?;
    let send = |request| fetch(http.clone(), request);
    let metadata = Metadata::discover_async(issuer, &send).await;
    // The causes of this error are without the body of the answer, which its text is not.
    let metadata = metadata.map_err(|error| match error {
        openidconnect::DiscoveryError::Request(error) => Trouble::new("discovery", error),
        openidconnect::DiscoveryError::Response(status, _, _) => Trouble::new("discovery", status),
        openidconnect::DiscoveryError::Validation(_) => {
            Trouble::Failed("discovery: it says that it is another issuer".to_owned())
        }
        _ => Trouble::Failed("discovery: the answer is malformed".to_owned()),
    })?;
    if is_safe(metadata.authorization_endpoint().url()) {
        Ok(metadata)
    } else {
        Err(Trouble::Failed("it signs in without HTTPS".to_owned()))
    }
}

impl Known<'_> {
    /// Where the browser goes to sign in.
    pub(super) fn sign_in_url(&self, state: &Secret, begun: &Begun) -> Result<String, Trouble> {
        let verifier = PkceCodeVerifier::new(begun.verifier.clone());
        let client = self.client()?;
        let state = CsrfToken::new(state.expose().to_owned());
        let nonce = Nonce::new(begun.nonce.clone());
        let request = client.authorize_url(
            AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
            move || state.clone(),
            move || nonce.clone(),
        );
        let scopes = self.settings.scopes.iter().cloned().map(Scope::new);
        let (url, _, _) = request
            .add_scopes(scopes)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url.into())
    }

    /// Whether an answer is this provider's own, by the name that came with it.
    pub(super) fn has_answered(&self, issuer: Option<&str>) -> bool {
        let more = self.metadata.additional_metadata();
        issuer.map_or(
            !more.authorization_response_iss_parameter_supported,
            |issuer| issuer == self.metadata.issuer().as_str(),
        )
    }

    /// The tokens that a code stands for.
    pub(super) async fn exchange(
        &self,
        http: reqwest::Client,
        code: String,
        begun: &Begun,
    ) -> Result<CoreTokenResponse, Trouble> {
        let client = self.client()?;
        let request = client.exchange_code(AuthorizationCode::new(code));
        let request = request.map_err(|error| Trouble::new("code", error))?;
        let verifier = PkceCodeVerifier::new(begun.verifier.clone());
        let send = |request| fetch(http.clone(), request);
        let tokens = request
            .set_pkce_verifier(verifier)
            .request_async(&send)
            .await;
        tokens.map_err(|error| match error {
            openidconnect::RequestTokenError::Request(error) => Trouble::new("code", error),
            openidconnect::RequestTokenError::ServerResponse(error) => {
                Trouble::new("code", refusal(error.error()))
            }
            // What does not parse may hold tokens.
            _ => Trouble::Failed("code: the answer is malformed".to_owned()),
        })
    }

    /// The claims of the ID token, if it is this provider's, for this server, for what was begun, and of now.
    pub(super) fn verified(
        &self,
        tokens: &CoreTokenResponse,
        begun: &Begun,
        now: Instant,
    ) -> Result<Claims, Trouble> {
        let failed = |text: &str| Trouble::Failed(format!("ID token: {text}"));
        let token = tokens.id_token().ok_or_else(|| failed("there is none"))?;
        let client = self.client()?;
        let supported = self.metadata.id_token_signing_alg_values_supported();
        let allowed = ALGORITHMS.into_iter();
        let allowed = allowed.filter(|algorithm| supported.contains(algorithm));
        let verifier: CoreIdTokenVerifier<'_> = client
            .id_token_verifier()
            .set_allowed_algs(allowed)
            .set_time_fn(move || now);
        let nonce = Nonce::new(begun.nonce.clone());
        let claims = token
            .claims(&verifier, &nonce)
            .map_err(|error| match error {
                ClaimsVerificationError::SignatureVerification(
                    SignatureVerificationError::NoMatchingKey,
                ) => Trouble::UnknownKey,
                error => failed(wrong_in_claims(&error)),
            })?;
        let is_for_another = |party: &ClientId| party.as_str() != self.settings.client_id;
        if claims.authorized_party().is_some_and(is_for_another) {
            return Err(failed("it is for another client"));
        }
        if let Some(hash) = claims.access_token_hash() {
            let algorithm = token.signing_alg().map_err(|_| failed("no algorithm"))?;
            let key = token.signing_key(&verifier).map_err(|_| failed("no key"))?;
            let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key);
            if actual.ok().as_ref() != Some(hash) {
                return Err(failed("it belongs to another access token"));
            }
        }
        claims::of_id_token(&token.to_string()).ok_or_else(|| failed("it has no claims"))
    }

    /// The claims, with what the provider says elsewhere about the same subject.
    pub(super) async fn completed(
        &self,
        http: reqwest::Client,
        tokens: &CoreTokenResponse,
        mut claims: Claims,
    ) -> Result<Claims, Trouble> {
        let endpoint = self.metadata.userinfo_endpoint();
        let Some(endpoint) = endpoint.filter(|_| claims::are_incomplete(self.settings, &claims))
        else {
            return Ok(claims);
        };
        let bearer = format!("Bearer {}", tokens.access_token().secret());
        let request: Result<HttpRequest, _> = http::Request::get(endpoint.as_str())
            .header(http::header::AUTHORIZATION, bearer)
            .header(http::header::ACCEPT, "application/json")
            .body(Vec::new());
        let request = request.map_err(|error| Trouble::new("userinfo", error))?;
        let answer = fetch(http, request).await;
        let answer = answer.map_err(|error| Trouble::new("userinfo", error))?;
        let malformed = || Trouble::Failed("userinfo: it is not about the subject".to_owned());
        let more: Claims = serde_json::from_slice(answer.body()).map_err(|_| malformed())?;
        if answer.status() != http::StatusCode::OK || more.get("sub") != claims.get("sub") {
            return Err(malformed());
        }
        claims::fill_in(self.settings, &mut claims, more);
        Ok(claims)
    }

    fn client(&self) -> Result<Client, Trouble> {
        let redirect = RedirectUrl::new(self.redirect.to_owned());
        let redirect = redirect.map_err(|error| Trouble::new("callback", error))?;
        let secret = self.settings.client_secret.as_ref();
        let secret = secret.map(|secret| ClientSecret::new(secret.expose().to_owned()));
        let id = ClientId::new(self.settings.client_id.clone());
        let methods = self.metadata.token_endpoint_auth_methods_supported();
        let basic = CoreClientAuthMethod::ClientSecretBasic;
        // Without a list it is the basic one, by the specification.
        let auth_type = match methods {
            Some(methods) if !methods.contains(&basic) => AuthType::RequestBody,
            _ => AuthType::BasicAuth,
        };
        let client = CoreClient::from_provider_metadata(self.metadata.clone(), id, secret);
        Ok(client.set_redirect_uri(redirect).set_auth_type(auth_type))
    }
}
