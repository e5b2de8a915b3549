//! Editors, who save while the crowd is there.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use crate::{
    editor::{Editor, Entry},
    support::{Failure, client::Connection, server::Server},
};

const EDITORS: usize = 4;
/// Faster than anybody types.
const PAUSE: Duration = Duration::from_millis(200);

/// What came of the saves.
#[derive(Default)]
pub(crate) struct Edits {
    /// How long those took that succeeded.
    pub(crate) saved: Vec<Duration>,
    pub(crate) failed: usize,
}

impl Edits {
    pub(crate) fn success(&self) -> f64 {
        let saved = self.saved.iter().map(|_| 1.0).sum::<f64>();
        saved / (saved + (0..self.failed).map(|_| 1.0).sum::<f64>())
    }
}

struct Desk {
    connection: Connection,
    entry: Entry,
}

/// Editors at work.
pub(crate) struct Editing {
    token: String,
    desks: Vec<RefCell<Desk>>,
}

impl Editing {
    pub(crate) async fn begin(server: &Server, editor: &Editor) -> Result<Self, Failure> {
        let mut connection = Connection::open(server.address).await?;
        let token = editor.sign_in(&mut connection).await?;
        let mut desks = Vec::new();
        for _ in 0..EDITORS {
            let mut connection = Connection::open(server.address).await?;
            let entry = Entry::create(&mut connection, &token).await?;
            desks.push(RefCell::new(Desk { connection, entry }));
        }
        Ok(Self { token, desks })
    }

    /// Saves again and again.
    #[expect(
        clippy::await_holding_refcell_ref,
        reason = "nobody else sits at the desk"
    )]
    pub(crate) async fn go_on(&self, how_long: Duration) -> Edits {
        let edits = RefCell::new(Edits::default());
        let end = Instant::now() + how_long;
        let all = self.desks.iter().map(async |desk| {
            let mut desk = desk.borrow_mut();
            let Desk { connection, entry } = &mut *desk;
            while Instant::now() < end {
                let asked = Instant::now();
                let outcome = entry.update(connection, &self.token).await;
                let mut edits = edits.borrow_mut();
                match outcome {
                    Ok(()) => edits.saved.push(asked.elapsed()),
                    Err(error) => {
                        eprintln!("a save failed: {error}");
                        edits.failed += 1;
                    }
                }
                drop(edits);
                tokio::time::sleep(PAUSE).await;
            }
        });
        futures_util::future::join_all(all).await;
        edits.into_inner()
    }

    /// Makes sure that all is there that was saved.
    pub(crate) async fn check(self) -> Result<(), Failure> {
        for desk in self.desks {
            let Desk {
                mut connection,
                entry,
            } = desk.into_inner();
            entry.check(&mut connection, &self.token).await?;
        }
        Ok(())
    }
}
