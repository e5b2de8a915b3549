//! One engine: Kindling and the bare writer, who change entries of the same database in turn.

use crate::bare;
use crate::editor::{Editor, Entry};
use crate::load;
use crate::support::Failure;
use crate::support::client::Connection;
use crate::support::kindling;
use crate::support::options::Options;
use crate::support::pinning::Pinning;
use crate::support::sample::Sample;
use crate::support::scratch::Scratch;
use crate::support::server::Server;

pub(crate) struct Contest {
    pub(crate) server: Server,
    pub(crate) kindling: Turns,
    pub(crate) bare: Turns,
    editor: Editor,
    url: String,
}

/// One side of a contest.
pub(crate) struct Turns {
    pub(crate) name: String,
    /// One per connection. Nobody else changes them.
    entries: Vec<Entry>,
    pub(crate) samples: Vec<Sample>,
}

impl Contest {
    /// Starts Kindling on an empty database, and creates the entries.
    pub(crate) async fn prepare(
        options: &Options,
        postgres: Option<&str>,
        pinning: Pinning,
        scratch: &Scratch,
    ) -> Result<Self, Failure> {
        let server = kindling::start(scratch, pinning, postgres, &[]).await?;
        let data = kindling::data(scratch, postgres);
        let editor = Editor::create(scratch, postgres)?;
        let (engine, url) = match postgres {
            Some(url) => ("PostgreSQL", url.to_owned()),
            None => ("SQLite", format!("sqlite://{}/kindling.db", data.display())),
        };
        let mut connection = Connection::open(server.address).await?;
        let token = editor.sign_in(&mut connection).await?;
        let mut sides = Vec::new();
        for side in ["kindling", "bare"] {
            let mut entries = Vec::new();
            for _ in 0..options.connections {
                entries.push(Entry::create(&mut connection, &token).await?);
            }
            sides.push(Turns {
                name: format!("{side}, {engine}"),
                entries,
                samples: Vec::new(),
            });
        }
        let [kindling, bare] = <[Turns; 2]>::try_from(sides).map_err(|_| "there are two sides")?;
        Ok(Self {
            server,
            kindling,
            bare,
            editor,
            url,
        })
    }

    /// Puts load on Kindling; every client changes its own entry.
    pub(crate) async fn kindling(&mut self, options: &Options) -> Result<&Turns, Failure> {
        let mut connection = Connection::open(self.server.address).await?;
        // An access token holds for a quarter of an hour, and a run may take longer.
        let token = self.editor.sign_in(&mut connection).await?;
        let turns = &mut self.kindling;
        for how_long in [options.warm_up, options.turn] {
            let sample = load::run(self.server.address, &token, &mut turns.entries, how_long).await;
            let sample = sample.map_err(|error| format!("{}: {error}", turns.name))?;
            turns.samples.push(sample);
        }
        turns.forget_warm_up();
        Ok(turns)
    }

    /// Lets the bare writer write, while Kindling has nothing to do.
    pub(crate) fn bare(
        &mut self,
        options: &Options,
        pinning: Pinning,
        scratch: &Scratch,
    ) -> Result<&Turns, Failure> {
        let turns = &mut self.bare;
        for how_long in [options.warm_up, options.turn] {
            let job = bare::Job {
                url: self.url.clone(),
                how_long,
                entries: turns.entries.clone(),
            };
            let done = bare::start(&job, pinning, scratch);
            let done = done.map_err(|error| format!("{}: {error}", turns.name))?;
            turns.entries = done.entries;
            turns.samples.push(done.sample);
        }
        turns.forget_warm_up();
        Ok(turns)
    }

    /// Makes sure that Kindling shows all that was written, by either side.
    pub(crate) async fn check(&self) -> Result<(), Failure> {
        let mut connection = Connection::open(self.server.address).await?;
        let token = self.editor.sign_in(&mut connection).await?;
        for entry in self.kindling.entries.iter().chain(&self.bare.entries) {
            entry.check(&mut connection, &token).await?;
        }
        Ok(())
    }
}

impl Turns {
    fn forget_warm_up(&mut self) {
        let at = self.samples.len() - 2;
        self.samples.remove(at);
    }
}
