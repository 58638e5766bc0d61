//! Access tokens: JSON Web Tokens (RFC 7519) signed with EdDSA by the vault's key, published as a JWK set.
//!
//! - The algorithm is pinned; a token that names another is refused.
//! - A token names an account and its session. Both are looked up in the log at every use: a revoked role is gone at once, and so is
//!   whatever was given out before a password was changed, a session ended or the account closed.
//! - A token of the built-in operator carries one role with its scope and is marked as such.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gongyi_domain::{
    access::authority::{Actor, Grant, Session},
    values::{AccountId, Instant},
};
use gongyi_vault::{SigningKey, Vault};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    App,
    rejection::{Fault, Rejection},
};

/// Who issues and who accepts the tokens.
pub const TOKEN_ISSUER: &str = "gongyi";
/// How long an access token holds, in seconds.
pub const ACCESS_TOKEN_MAX_SECONDS: i64 = 15 * 60;
/// How far two machines' clocks may differ, in seconds.
const LEEWAY_SECONDS: u64 = 30;

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    jti: Uuid,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<Grant>,
    /// The account's generation; the first, where a token was given before there were any.
    #[serde(default)]
    generation: u32,
    /// The session, under the name that OpenID Connect has for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<Uuid>,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// Malformed, of another issuer, signed by a key that is not published, of an account that is closed, of a session that is over.
    #[error("the token is not valid")]
    Invalid,
    /// It was valid, and its time is over: another one will do.
    #[error("the token has run out")]
    RanOut,
}

/// A token of the built-in operator, acting with one role, that holds for `seconds`. It needs the vault alone.
///
/// # Errors
/// Faults of the vault and of signing.
pub async fn operator_token(vault: &Vault, grant: Grant, now: Instant, seconds: i64) -> Result<String, Fault> {
    let whose = ("operator".to_owned(), Some(grant), Session::default());
    sign(vault, whose, now, seconds).await
}

type Whose = (String, Option<Grant>, Session);

async fn sign(vault: &Vault, (sub, operator, session): Whose, now: Instant, seconds: i64) -> Result<String, Fault> {
    let key = vault.current_signing_key().await?;
    let (iat, issuer) = (now.timestamp(), TOKEN_ISSUER.to_owned());
    let (jti, Session { generation, id: sid }) = (Uuid::now_v7(), session);
    let claims = Claims { iss: issuer.clone(), aud: issuer, sub, jti, iat, exp: iat + seconds, operator, generation, sid };
    let header = Header { kid: Some(key.kid.clone()), ..Header::new(Algorithm::EdDSA) };
    let secret = key.pkcs8_der.as_ref().ok_or(Fault::NoSigningKey)?;
    Ok(jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(secret))?)
}

impl App {
    /// An access token for an account in a session.
    ///
    /// # Errors
    /// Faults of the vault and of signing.
    pub async fn access_token(&self, account: AccountId, session: Session, now: Instant) -> Result<String, Fault> {
        sign(self.vault(), (format!("account:{account}"), None, session), now, ACCESS_TOKEN_MAX_SECONDS).await
    }

    /// Who the bearer of `token` is.
    ///
    /// # Errors
    /// [`InvalidToken`] inside; faults outside.
    pub async fn authenticate(&self, token: &str, now: Instant) -> Result<Result<Actor, InvalidToken>, Rejection> {
        let claims = match self.verified(token, now).await? {
            Ok(claims) => claims,
            Err(invalid) => return Ok(Err(invalid)),
        };
        if let Some(grant) = claims.operator {
            return Ok(Ok(Actor::Operator(grant)));
        }
        let account = claims.sub.strip_prefix("account:").and_then(|id| id.parse().ok());
        Ok(match account {
            Some(account) => {
                let session = Session { generation: claims.generation, id: claims.sid };
                self.actor_in(account, session).await?.ok_or(InvalidToken::Invalid)
            }
            None => Err(InvalidToken::Invalid),
        })
    }

    async fn verified(&self, token: &str, now: Instant) -> Result<Result<Claims, InvalidToken>, Fault> {
        let kid = jsonwebtoken::decode_header(token).ok().and_then(|header| header.kid);
        let keys = self.signing_keys().await?;
        let Some(key) = keys.iter().find(|key| Some(&key.kid) == kid.as_ref() && key.is_published(now)) else {
            return Ok(Err(InvalidToken::Invalid));
        };
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[TOKEN_ISSUER]);
        rules.set_audience(&[TOKEN_ISSUER]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Time is told by the platform's clock, below.
        rules.validate_exp = false;
        let decoded = jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_ed_der(&key.public), &rules);
        let is_fresh = |claims: &Claims| now.timestamp() < claims.exp + i64::try_from(LEEWAY_SECONDS).unwrap_or(0);
        Ok(match decoded {
            Ok(decoded) if is_fresh(&decoded.claims) => Ok(decoded.claims),
            Ok(_) => Err(InvalidToken::RanOut),
            Err(_) => Err(InvalidToken::Invalid),
        })
    }

    /// The published keys as a JWK set (RFC 7517, RFC 8037).
    ///
    /// # Errors
    /// Faults of the vault.
    pub async fn jwks(&self, now: Instant) -> Result<Value, Fault> {
        let key = |key: &SigningKey| {
            let x = URL_SAFE_NO_PAD.encode(key.public);
            json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key.kid, "x": x})
        };
        let keys = self.signing_keys().await?;
        Ok(json!({"keys": keys.iter().filter(|it| it.is_published(now)).map(key).collect::<Vec<_>>()}))
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKey>, Fault> {
        Ok(self.vault().signing_keys().await?)
    }
}
