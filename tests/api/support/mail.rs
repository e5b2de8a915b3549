//! A real mail server that prints what it is given, and applications that send through it.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use entity::job;
use kindling::{app::App, config::SmtpUrl, delivery::Delivery, worker::Worker};
use sea_orm::EntityTrait;
use serde_json::Value;

use super::{TestApp, tools::python};

const DEADLINE: Duration = Duration::from_secs(20);

/// The mail server, killed with this value.
pub(crate) struct Sink {
    child: Child,
    lines: Arc<Mutex<Vec<Value>>>,
    pub(crate) port: u16,
}

impl Sink {
    /// On any free port; none if what it needs is not installed, which has been said loudly.
    pub(crate) fn start() -> Option<Self> {
        Self::on(0)
    }

    /// On this port.
    pub(crate) fn on(port: u16) -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/mail_sink.py");
        let mut child = Command::new(python()?)
            .args([script, &port.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("a mail server");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (kept, output) = (Arc::clone(&lines), child.stdout.take().expect("its output"));
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).expect("JSON");
                kept.lock().expect("the lines").push(line);
            }
        });
        let mut sink = Self {
            child,
            lines,
            port: 0,
        };
        let told = sink.wait_for(1)[0]["port"].as_u64().expect("a port");
        sink.port = u16::try_from(told).expect("a port");
        Some(sink)
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// All mails so far.
    pub(crate) fn mails(&self) -> Vec<Value> {
        self.lines.lock().expect("the lines")[1..].to_vec()
    }

    /// The mail of this number, counted from 1, once it has come.
    pub(crate) fn mail(&self, number: usize) -> Value {
        self.wait_for(number + 1)[number].clone()
    }

    fn wait_for(&self, count: usize) -> Vec<Value> {
        let started = Instant::now();
        loop {
            let lines = self.lines.lock().expect("the lines").clone();
            if lines.len() >= count {
                return lines;
            }
            assert!(started.elapsed() < DEADLINE, "only {lines:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The token of the link in a mail, or of an address.
pub(crate) fn token_in(text: &str) -> String {
    let rest = text.split("#kdi_").nth(1);
    let rest = rest.unwrap_or_else(|| panic!("no link in {text}"));
    let of_token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let token: String = rest.chars().take_while(|c| of_token(*c)).collect();
    format!("kdi_{token}")
}

impl TestApp {
    /// The same application, sending mail through this port of this machine.
    pub(crate) fn sending_to(mut self, port: u16) -> Self {
        let mut config = (*self.app.config).clone();
        config.smtp_url = SmtpUrl::parse(&format!("smtp://127.0.0.1:{port}")).expect("a URL");
        config.mail_from = "Kindling <cms@example.org>".parse().ok();
        config.public_url = "https://cms.example.org/".parse().ok();
        self.app = App {
            config: config.into(),
            ..self.app.clone()
        };
        self.delivery = Arc::new(Delivery::new(&self.app));
        self
    }

    /// Deletes the jobs that a test leaves undone on purpose.
    pub(crate) async fn forget_jobs(&self) {
        let tx = self.app.database.begin().await.expect("a transaction");
        let deleted = job::Entity::delete_many().exec(&tx).await;
        deleted.expect("no jobs");
        tx.commit().await.expect("a commit");
    }

    /// Does what is due, once.
    pub(crate) async fn work(&self) {
        Worker::new(&self.app).step().await;
    }
}
