//! Messages to users: written from the pool's templates and kept where an operator can read them, because nothing here
//! sends mail or text messages. The newest few are kept, sealed.

use claviger_resources::correspondence::{Content, Correspondence, Medium, Message, MessageTrigger};
use claviger_resources::limits::{MESSAGES_PER_USER, MESSAGES_PER_USER_POOL};
use claviger_resources::user::User;
use claviger_resources::user_pool::UserPool;
use claviger_resources::{Secret, Tenant, random};
use claviger_runtime::vault::{SealedFor, VaultError};
use claviger_store::{Name, Namespace, Stored, TransactionExt, keyring_tenant};
use serde::Serialize;

use super::configuration::{Configuration, text};
use super::delivery::Delivery;
use super::errors::Error;
use super::{user, user_pool_settings};
use crate::operation::{Access, Context, Step, perform};
use crate::services::Services;

/// A message as an operator reads it.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SentMessage {
    /// The username of the user.
    pub username: String,
    /// The subject of the user.
    pub sub: String,
    /// What made it be sent, in the words of AWS's custom message trigger.
    pub trigger: MessageTrigger,
    /// How it would be sent.
    pub medium: Medium,
    /// Where to.
    pub destination: String,
    /// When, in seconds since 1970.
    pub sent: f64,
    /// Its subject; `None` for a text message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Its text.
    pub text: String,
    /// The code or the temporary password in it.
    pub code: String,
}

/// The messages to a user, or to all users of a pool, newest first.
pub async fn read(services: &Services, pool: &str, username: Option<&str>) -> Result<Vec<SentMessage>, Error> {
    let tenant: Tenant = keyring_tenant();
    perform(services, &tenant, &Read { pool, username }).await
}

struct Read<'a> {
    pool: &'a str,
    username: Option<&'a str>,
}

impl Step for Read<'_> {
    const ACCESS: Access = Access::Read;
    type Output = Vec<SentMessage>;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Vec<SentMessage>, Error> {
        let named = cx.tx.find_named::<UserPool>(&Name::new(Namespace::UserPoolId, self.pool)).await?;
        let pool = named.ok_or_else(|| Error::UserPoolNotFound(self.pool.to_owned()))?.record;
        let mut messages = Vec::new();
        if let Some(username) = self.username {
            let user = user::find(cx, &pool, username).await?;
            for id in of_user(cx, &user).await?.record.messages {
                messages.extend(cx.tx.find::<Message>(&pool.tenant, pool.id.as_str(), &id).await?);
            }
        } else {
            messages = cx.tx.list_all::<Message>(&pool.tenant, pool.id.as_str()).await?;
        }
        messages.into_iter().rev().map(|message| opened(cx.services, message.record)).collect()
    }
}

/// What was sent to a user; empty, and at version 0, when it was nothing.
pub(super) async fn of_user(cx: &mut Context<'_>, user: &User) -> Result<Stored<Correspondence>, Error> {
    let stored = cx.tx.find(&user.tenant, user.pool.as_str(), &user.sub).await?;
    Ok(stored.unwrap_or_else(|| Stored {
        record: Correspondence {
            tenant: user.tenant.clone(),
            pool: user.pool.clone(),
            sub: user.sub.clone(),
            codes: Vec::new(),
            messages: Vec::new(),
        },
        version: 0,
    }))
}

/// Keeps what [`of_user`] gave, changed.
pub(super) async fn save(cx: &mut Context<'_>, letters: Stored<Correspondence>) -> Result<(), Error> {
    match letters.version {
        0 => cx.tx.insert(&letters.record).await?,
        _ => cx.tx.replace(&letters).await?,
    }
    Ok(())
}

/// Deletes all that was sent to a user.
pub(super) async fn forget(cx: &mut Context<'_>, user: &User) -> Result<(), Error> {
    let letters = of_user(cx, user).await?.record;
    for id in &letters.messages {
        if let Some(message) = cx.tx.find::<Message>(&user.tenant, user.pool.as_str(), id).await? {
            cx.tx.delete(&message.record).await?;
        }
    }
    cx.tx.delete(&letters).await?;
    Ok(())
}

/// Keeps a message with a code, and `letters` with it.
pub(super) async fn keep_code(
    cx: &mut Context<'_>,
    pool: &UserPool,
    user: &User,
    mut letters: Stored<Correspondence>,
    trigger: MessageTrigger,
    delivery: &Delivery,
    code: &Secret<String>,
) -> Result<(), Error> {
    keep(cx, pool, user, &mut letters, trigger, delivery, code).await?;
    save(cx, letters).await
}

/// Keeps the invitations of a new user, with the temporary password.
pub(super) async fn keep_invitations(
    cx: &mut Context<'_>,
    pool: &UserPool,
    user: &User,
    deliveries: &[Delivery],
    password: &Secret<String>,
) -> Result<(), Error> {
    if deliveries.is_empty() {
        return Ok(());
    }
    let mut letters = of_user(cx, user).await?;
    for delivery in deliveries {
        keep(cx, pool, user, &mut letters, MessageTrigger::AdminCreateUser, delivery, password).await?;
    }
    save(cx, letters).await
}

async fn keep(
    cx: &mut Context<'_>,
    pool: &UserPool,
    user: &User,
    letters: &mut Correspondence,
    trigger: MessageTrigger,
    delivery: &Delivery,
    code: &Secret<String>,
) -> Result<(), Error> {
    let content = written(pool, user, trigger, delivery.medium, code.expose());
    let content = Secret::new(serde_json::to_vec(&content).unwrap_or_default());
    let message = Message {
        tenant: pool.tenant.clone(),
        pool: pool.id.clone(),
        id: format!("{:016}-{}", cx.now.milliseconds(), random::text(cx.random, random::LOWER_ALPHANUMERIC, 8)),
        sub: user.sub.clone(),
        username: user.username.clone(),
        trigger,
        medium: delivery.medium,
        destination: delivery.destination.clone(),
        sent: cx.now,
        content: cx.services.vault.seal(SealedFor::Message(&user.sub), content.expose(), cx.random)?,
    };
    cx.tx.insert(&message).await?;
    letters.messages.push(message.id);
    if letters.messages.len() > MESSAGES_PER_USER {
        let oldest = letters.messages.remove(0);
        if let Some(message) = cx.tx.find::<Message>(&pool.tenant, pool.id.as_str(), &oldest).await? {
            cx.tx.delete(&message.record).await?;
        }
    }
    forget_oldest(cx, pool).await
}

/// Keeps the pool within its bound. The users whose messages go may still name them; nobody finds anything there.
async fn forget_oldest(cx: &mut Context<'_>, pool: &UserPool) -> Result<(), Error> {
    let count = usize::try_from(cx.tx.count_of::<Message>(&pool.tenant, pool.id.as_str()).await?).unwrap_or(usize::MAX);
    let excess = count.saturating_sub(MESSAGES_PER_USER_POOL);
    if excess == 0 {
        return Ok(());
    }
    for message in cx.tx.list::<Message>(&pool.tenant, pool.id.as_str(), None, excess).await? {
        cx.tx.delete(&message.record).await?;
    }
    Ok(())
}

fn opened(services: &Services, message: Message) -> Result<SentMessage, Error> {
    let content = services.vault.open_sealed(SealedFor::Message(&message.sub), &message.content)?;
    let content: Content = serde_json::from_slice(content.expose()).map_err(|_| VaultError::Unreadable)?;
    Ok(SentMessage {
        username: message.username,
        sub: message.sub,
        trigger: message.trigger,
        medium: message.medium,
        destination: message.destination,
        sent: message.sent.fractional_seconds(),
        subject: content.subject,
        text: content.text,
        code: content.code,
    })
}

/// A message from the pool's template, else from AWS's.
fn written(pool: &UserPool, user: &User, trigger: MessageTrigger, medium: Medium, code: &str) -> Content {
    let settings = user_pool_settings::shown(pool);
    let (path, template, subject): (&[&str], _, _) = match (trigger, medium) {
        (MessageTrigger::AdminCreateUser, Medium::Sms) => {
            let path = &["AdminCreateUserConfig", "InviteMessageTemplate", "SMSMessage"];
            (path, "Your username is {username} and temporary password is {####}.", None)
        }
        (MessageTrigger::AdminCreateUser, Medium::Email) => {
            let path = &["AdminCreateUserConfig", "InviteMessageTemplate", "EmailMessage"];
            let subject = &["AdminCreateUserConfig", "InviteMessageTemplate", "EmailSubject"];
            let subject = chosen(&settings, subject, "Your temporary password");
            (path, "Your username is {username} and temporary password is {####}.", Some(subject))
        }
        (_, Medium::Sms) => (&["VerificationMessageTemplate", "SmsMessage"], "Your verification code is {####}.", None),
        (_, Medium::Email) => {
            let subject = &["VerificationMessageTemplate", "EmailSubject"];
            let subject = chosen(&settings, subject, "Your verification code");
            let path = &["VerificationMessageTemplate", "EmailMessage"];
            (path, "Your confirmation code is {####}.", Some(subject))
        }
    };
    let fill = |text: &str| text.replace("{username}", &user.username).replace("{####}", code);
    Content {
        subject: subject.map(|subject| fill(&subject)),
        text: fill(&chosen(&settings, path, template)),
        code: code.to_owned(),
    }
}

fn chosen(settings: &Configuration, path: &[&str], otherwise: &str) -> String {
    text(settings, path).unwrap_or(otherwise).to_owned()
}
