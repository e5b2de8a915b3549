//! The figures of an application, by what they tell of.

pub mod cache;
mod code;
pub mod connections;
pub mod crowds;
pub mod database;
pub mod http;
pub mod operations;
mod work;

use std::{fmt::Result, sync::Arc};

pub use self::{
    code::Code,
    work::{Mails, SignInStep, TaskEnd, TaskFailure, TaskState},
};
use self::{
    connections::ConnectionMeter, http::HttpMeter, operations::OperationMeters, work::TaskMeter,
};
use super::{
    meter::Counters,
    sheet::{Figures, Sheet},
};

/// All figures that are counted where something happens. Those of a database and of each cache are with them.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Connections of clients.
    pub connections: Arc<ConnectionMeter>,
    /// Requests.
    pub http: HttpMeter,
    /// Errors that were told, by their codes.
    pub errors: Counters<Code>,
    /// GraphQL operations.
    pub operations: OperationMeters,
    /// Steps of signing in.
    pub sign_ins: Counters<SignInStep>,
    /// Background work.
    pub tasks: TaskMeter,
    /// Mail that was handed over, or not.
    pub mails: Counters<Mails>,
}

impl Figures for Metrics {
    fn write(&self, sheet: &mut Sheet<'_>) -> Result {
        self.connections.write(sheet)?;
        self.http.write(sheet)?;
        let help = "Errors that were told to clients, by their stable codes.";
        sheet.counters("errors", help, &self.errors)?;
        self.operations.write(sheet)?;
        let help = "Steps of signing in, by what came of them.";
        sheet.counters("sign_in_steps", help, &self.sign_ins)?;
        self.tasks.write(sheet)?;
        let help = "Mails that were handed to the mail server, or not taken by it.";
        sheet.counters("mails", help, &self.mails)
    }
}
