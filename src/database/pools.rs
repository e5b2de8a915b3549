//! The connections to the database, and what is asked over them, in figures.

use std::{fmt, sync::Arc};

use sea_orm::{DatabaseConnection, DbBackend};

use crate::telemetry::{
    meter::float,
    metrics::database::{DatabaseMeter, Verb},
    sheet::{Figures, Sheet},
    traces,
};

/// Has each statement that goes over a connection counted, and told where traces are.
pub(super) fn measure(connection: &mut DatabaseConnection, meter: &Arc<DatabaseMeter>) {
    let meter = Arc::clone(meter);
    let system = if connection.get_database_backend() == DbBackend::Postgres {
        "postgresql"
    } else {
        "sqlite"
    };
    connection.set_metric_callback(move |told| {
        let sql = &told.statement.sql;
        meter.statement(Verb::of(sql), told.elapsed, told.failed);
        traces::statement(system, sql, told.elapsed, told.failed);
    });
}

/// The connections of a database.
#[derive(Clone, Copy, Debug)]
pub struct Pools([(&'static str, PoolState); 3]);

/// The connections of one kind.
#[derive(Clone, Copy, Debug)]
struct PoolState {
    open: u64,
    idle: u64,
    most: u64,
}

impl Pools {
    pub(super) fn of(
        readers: &DatabaseConnection,
        writer: &DatabaseConnection,
        log: &DatabaseConnection,
    ) -> Self {
        Self([
            ("readers", PoolState::of(readers)),
            ("writers", PoolState::of(writer)),
            ("log", PoolState::of(log)),
        ])
    }
}

impl PoolState {
    fn of(connection: &DatabaseConnection) -> Self {
        let (open, idle, most) = if connection.get_database_backend() == DbBackend::Postgres {
            let pool = connection.get_postgres_connection_pool();
            let most = pool.options().get_max_connections();
            (pool.size(), pool.num_idle(), most)
        } else {
            let pool = connection.get_sqlite_connection_pool();
            let most = pool.options().get_max_connections();
            (pool.size(), pool.num_idle(), most)
        };
        Self {
            open: open.into(),
            idle: idle as u64,
            most: most.into(),
        }
    }
}

impl Figures for Pools {
    fn write(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let of = |value: fn(&PoolState) -> u64| {
            let states = self.0.iter();
            states.map(move |(name, state)| ([("pool", *name)], float(value(state))))
        };
        let help = "Connections to the database.";
        sheet.gauges("database_connections", help, of(|state| state.open))?;
        let help = "Connections to the database that nobody uses.";
        sheet.gauges("database_connections_idle", help, of(|state| state.idle))?;
        let help = "How many there may be.";
        sheet.gauges("database_connections_max", help, of(|state| state.most))
    }
}
