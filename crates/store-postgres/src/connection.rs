//! One connection: its statements, prepared when they are first run, and a bound on every answer.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Row, SimpleQueryMessage, Statement};

use crate::error::Failure;

/// The parameters of a statement.
pub(crate) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection to the server.
pub(crate) struct Connection {
    client: Client,
    statements: Mutex<HashMap<&'static str, Statement>>,
    /// The newest notification's payload; its sender goes with the connection.
    notifications: watch::Receiver<String>,
    driver: AbortHandle,
    /// How long an answer may take: somewhat longer than the server allows a statement.
    patience: Duration,
}

impl Connection {
    /// Takes over a connection that has been made.
    pub(crate) fn new<S, T>(
        client: Client,
        mut connection: tokio_postgres::Connection<S, T>,
        patience: Duration,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (tell, notifications) = watch::channel(String::new());
        let driver = tokio::spawn(async move {
            while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
                match message {
                    Ok(AsyncMessage::Notification(notification)) => {
                        tell.send_replace(notification.payload().to_owned());
                    }
                    Ok(AsyncMessage::Notice(notice)) => {
                        tracing::debug!(code = notice.code().code(), notice = notice.message(), "the database says");
                    }
                    Ok(_) => {}
                    Err(error) => {
                        let reason = Failure::from(error).to_string();
                        tracing::debug!(reason, "a connection to the database has ended");
                        break;
                    }
                }
            }
        });
        Self { client, statements: Mutex::default(), notifications, driver: driver.abort_handle(), patience }
    }

    /// Whether it can still be used, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        !self.client.is_closed()
    }

    /// The payloads of notifications.
    pub(crate) fn notifications(&self) -> watch::Receiver<String> {
        self.notifications.clone()
    }

    /// Runs a statement and answers all of its rows.
    pub(crate) async fn query(&self, sql: &'static str, parameters: Parameters<'_>) -> Result<Vec<Row>, Failure> {
        let statement = self.prepared(sql).await?;
        self.bounded(self.client.query(&statement, parameters)).await
    }

    /// Runs a statement and answers its first row, if there is one.
    pub(crate) async fn query_first(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<Option<Row>, Failure> {
        Ok(self.query(sql, parameters).await?.into_iter().next())
    }

    /// Runs SQL without parameters and answers its first row as text, column by column.
    pub(crate) async fn ask(&self, sql: &str) -> Result<Option<Vec<Option<String>>>, Failure> {
        let answer = self.bounded(self.client.simple_query(sql)).await?;
        Ok(answer.into_iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
            }
            _ => None,
        }))
    }

    /// Runs SQL without parameters that answers nothing.
    pub(crate) async fn run(&self, sql: &str) -> Result<(), Failure> {
        self.bounded(self.client.batch_execute(sql)).await
    }

    /// Runs SQL without parameters that may take its time.
    pub(crate) async fn run_within(&self, limit: Duration, sql: &str) -> Result<(), Failure> {
        within(limit, self.client.batch_execute(sql)).await
    }

    /// Prepares a statement, so that running it sends one message: what is sent together must not wait in between.
    pub(crate) async fn prepared(&self, sql: &'static str) -> Result<Statement, Failure> {
        let known = self.statements.lock().unwrap_or_else(PoisonError::into_inner).get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.bounded(self.client.prepare(sql)).await?;
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).insert(sql, statement.clone());
        Ok(statement)
    }

    /// Runs a prepared statement; it is sent when the future is first polled.
    pub(crate) async fn query_prepared(
        &self,
        statement: &Statement,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, Failure> {
        self.bounded(self.client.query(statement, parameters)).await
    }

    /// Closes the connection at once, without a word to the server.
    pub(crate) fn abandon(self) {
        self.driver.abort();
    }

    async fn bounded<T>(&self, answer: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Failure> {
        within(self.patience, answer).await
    }
}

async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Failure> {
    timeout(limit, answer).await.map_err(|_| Failure::Late(limit))?.map_err(Failure::from)
}
