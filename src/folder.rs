//! Folders that Kindling makes, which nobody but their owner can read, whatever the umask is.

use std::{
    fs::DirBuilder,
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::Path,
};

use crate::error::{Error, Result};

/// Makes a folder and those above it, unless they are there. An error names the setting that the folder comes from.
pub fn make(folder: &Path, setting: &str) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| {
        Error::internal(format!(
            "cannot make the folder {}: {error}; set {setting} to a folder that this program may write to",
            folder.display()
        ))
    })
}

/// Tries whether files can be written in a folder. The file that it tries with has no name, so nothing is left behind.
pub fn try_writing(folder: &Path) -> io::Result<()> {
    let mut file = tempfile::tempfile_in(folder)?;
    file.write_all(&[0])?;
    file.sync_all()
}
