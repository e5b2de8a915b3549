//! Files that come with a request: stored while they arrive, and removed again if no asset has them in the end.

use std::mem;

use async_graphql::{InputValueResult, Scalar, ScalarType, Value};
use bytes::Bytes;
use entity::entry::ContentType;
use tokio::runtime::Handle;
use tracing::Instrument;

use super::media_sweep;
use crate::{
    app::App,
    auth::{Principal, Right},
    error::{Error, Problem, ProblemCode, Result},
    media::{self, Cleaner, START, StoredFile, Writer},
};

/// A file that came with the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Which one; none for what is no file.
    number: Option<u8>,
}

/// A file. It is sent as a part of a `multipart/form-data` request, as the GraphQL multipart request specification says,
/// and stands in a variable; there is no other way to write it.
#[Scalar(specified_by_url = "https://github.com/jaydenseric/graphql-multipart-request-spec")]
impl ScalarType for Upload {
    /// Takes everything: what is no file is told with its path, when it is asked for.
    fn parse(value: Value) -> InputValueResult<Self> {
        // Neither JSON nor a document can say this value; only the transport makes it.
        let number = match value {
            Value::Binary(number) => number.first().copied(),
            _ => None,
        };
        Ok(Self { number })
    }

    fn to_value(&self) -> Value {
        match self.number {
            Some(number) => Value::Binary(Bytes::copy_from_slice(&[number])),
            None => Value::Null,
        }
    }
}

/// The files of a request, or what is wrong with them.
pub struct Uploads {
    app: App,
    files: Vec<Result<UploadedFile, Problem>>,
}

/// A file that is kept. Dropped, it is removed if no asset has it.
pub struct UploadedFile {
    app: App,
    /// The name that the sender gave it, made harmless.
    pub name: String,
    /// The file.
    pub stored: StoredFile,
    is_settled: bool,
}

/// A file that is arriving. Dropped, it leaves nothing.
pub struct Receiving {
    app: App,
    name: String,
    bytes: usize,
    cleaner: Cleaner,
    state: State,
}

enum State {
    /// Too little has come to tell what it is.
    Start(Vec<u8>),
    Writing(Box<Writer>),
    /// It cannot be kept, and what still comes is thrown away.
    Refused(Problem),
}

impl Uploads {
    /// None yet.
    pub fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            files: Vec::new(),
        }
    }

    /// Begins to receive a file. Only those may who could make an asset of it: everybody else could fill the disk.
    pub fn receive(&self, principal: &Principal, name: &str) -> Result<Receiving> {
        principal.require(Right::Create)?;
        principal.require_type(ContentType::Asset)?;
        Ok(Receiving {
            app: self.app.clone(),
            name: name.to_owned(),
            bytes: 0,
            cleaner: Cleaner::default(),
            state: State::Start(Vec::new()),
        })
    }

    /// Makes a place for a file that is to come, before anything of it is there; returns what names it in variables.
    pub fn expect(&mut self) -> Upload {
        let number = u8::try_from(self.files.len()).ok();
        self.files
            .push(Err(problem("was not read, as another file is too large")));
        Upload { number }
    }

    /// Takes a file that has come to its end, or what is wrong with it.
    pub async fn take(&mut self, upload: Upload, file: Receiving) -> Result<()> {
        let file = match file.finish().await {
            Ok(file) => Ok(file),
            Err(Error::Invalid(mut problems)) if !problems.is_empty() => Err(problems.remove(0)),
            Err(error) => return Err(error),
        };
        let place = upload
            .number
            .and_then(|number| self.files.get_mut(usize::from(number)));
        *place.ok_or_else(|| Error::internal("nobody expects the file"))? = file;
        Ok(())
    }

    /// The file that was uploaded, or what is wrong with it.
    pub fn file(&self, upload: Upload) -> Result<&UploadedFile> {
        let file = upload
            .number
            .and_then(|number| self.files.get(usize::from(number)));
        match file {
            Some(Ok(file)) => Ok(file),
            Some(Err(problem)) => Err(Error::Invalid(vec![problem.clone()])),
            None => Err(Error::Invalid(vec![no_file()])),
        }
    }

    /// What the files hold, in few words: the same for the same files.
    pub fn fingerprint(&self) -> String {
        let sum = |file: &Result<UploadedFile, Problem>| match file {
            Ok(file) => file.stored.sha256.clone(),
            Err(problem) => problem.message.clone(),
        };
        self.files.iter().map(sum).collect::<Vec<_>>().join(" ")
    }

    /// Removes the files that no asset has, now that the operation has come to its end.
    pub async fn settle(self) {
        let files = self.files.into_iter().flatten().map(|mut file| {
            file.is_settled = true;
            mem::take(&mut file.stored.key)
        });
        media_sweep::remove(&self.app, &files.collect::<Vec<_>>()).await;
    }
}

/// What is wrong where there is no file.
pub fn no_file() -> Problem {
    problem("must be sent as a file, by a multipart request")
}

fn problem(message: impl Into<String>) -> Problem {
    Problem::new(ProblemCode::Invalid, "file", message)
}

impl Receiving {
    /// Takes the next piece.
    pub async fn add(&mut self, piece: Bytes) -> Result<()> {
        self.bytes = self.bytes.saturating_add(piece.len());
        let most = self.app.config.max_upload_bytes;
        if self.bytes > most {
            return self.refuse(problem(too_large(most))).await;
        }
        if matches!(self.state, State::Refused(_)) {
            return Ok(());
        }
        let mut clean = Vec::with_capacity(piece.len());
        if self.cleaner.push(&piece, &mut clean).is_err() {
            return self.refuse(problem(media::NO_PICTURE)).await;
        }
        match &mut self.state {
            State::Start(start) => {
                start.append(&mut clean);
                if start.len() < START {
                    return Ok(());
                }
                self.open().await
            }
            State::Writing(writer) if !clean.is_empty() => writer.write(clean.into()).await,
            State::Writing(_) | State::Refused(_) => Ok(()),
        }
    }

    /// Whether so much has come of a file that is too large that nobody should wait for its end.
    pub fn is_hopeless(&self) -> bool {
        self.bytes / 2 > self.app.config.max_upload_bytes
    }

    /// Looks at the start, and stores it if it is that of a picture.
    async fn open(&mut self) -> Result<()> {
        let State::Start(start) = &mut self.state else {
            return Ok(());
        };
        let start = mem::take(start);
        let most = self.app.config.max_upload_pixels;
        match media::inspect(start.get(..START).unwrap_or(&start)) {
            Ok(picture) if picture.pixels() > most => {
                let message = format!("must have at most {most} pixels, width times height");
                self.refuse(problem(message)).await
            }
            Ok(picture) => {
                let mut writer = self.app.media.begin(picture).await?;
                writer.write(start.into()).await?;
                self.state = State::Writing(Box::new(writer));
                Ok(())
            }
            Err(Error::Invalid(mut problems)) if !problems.is_empty() => {
                self.refuse(problems.remove(0)).await
            }
            Err(error) => Err(error),
        }
    }

    async fn refuse(&mut self, problem: Problem) -> Result<()> {
        if matches!(self.state, State::Refused(_)) {
            return Ok(());
        }
        match mem::replace(&mut self.state, State::Refused(problem)) {
            State::Writing(writer) => writer.abort().await,
            State::Start(_) | State::Refused(_) => Ok(()),
        }
    }

    async fn finish(mut self) -> Result<UploadedFile> {
        let orientation = self.cleaner.finish();
        if orientation.is_err() {
            self.refuse(problem(media::NO_PICTURE)).await?;
        }
        self.open().await?;
        let (app, name) = (self.app, self.name);
        let writer = match self.state {
            State::Writing(writer) => writer,
            State::Refused(problem) => return Err(Error::Invalid(vec![problem])),
            State::Start(_) => return Err(Error::internal("a file was not looked at")),
        };
        // In a task of its own: when the request ends before this does, the file must have somebody who removes it.
        let kept = async move {
            let mut stored = writer.finish().await?;
            stored.picture = stored.picture.turned(orientation.unwrap_or_default());
            Ok(UploadedFile {
                name: harmless(&name, stored.picture.ending()),
                app,
                stored,
                is_settled: false,
            })
        };
        let kept = tokio::spawn(kept.in_current_span());
        kept.await.map_err(Error::internal)?
    }
}

impl Drop for UploadedFile {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        let (app, key) = (self.app.clone(), mem::take(&mut self.stored.key));
        // Without a runtime the program is ending, and the sweep at its next start removes the file.
        if let Ok(runtime) = Handle::try_current() {
            let remove = async move { media_sweep::remove(&app, &[key]).await };
            runtime.spawn(remove.in_current_span());
        }
    }
}

fn too_large(most: usize) -> String {
    const MIB: usize = 1024 * 1024;
    if most.is_multiple_of(MIB) {
        format!("must be at most {} MiB large", most / MIB)
    } else {
        format!("must be at most {most} bytes large")
    }
}

/// The longest name of a file, in characters.
const LONGEST_NAME: usize = 255;

/// The last part of a name that may be a path of any system, on one line. It is shown, and never used as a path.
fn harmless(name: &str, ending: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = last.chars().filter(|c| !c.is_control());
    let plain: String = plain.take(LONGEST_NAME).collect();
    match plain.trim() {
        "" | "." | ".." => format!("picture.{ending}"),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn a_name_is_the_last_part_of_a_path_on_one_line() {
        for (name, kept) in [
            ("photo.jpg", "photo.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ana\\photo.jpg", "photo.jpg"),
            ("a\0b\r\n\u{85}c.png", "abc.png"),
            (" año 東京.png ", "año 東京.png"),
            ("", "picture.webp"),
            ("..", "picture.webp"),
            ("folder/", "picture.webp"),
            ("\u{1b}\t ", "picture.webp"),
        ] {
            assert_eq!(harmless(name, "webp"), kept, "{name:?}");
        }
        assert_eq!(harmless(&"é".repeat(300), "webp").chars().count(), 255);
    }
}
