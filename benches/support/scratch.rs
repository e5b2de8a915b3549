//! A folder for one run, gone when the run ends.

use std::path::{Path, PathBuf};

pub(crate) struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    pub(crate) fn create() -> std::io::Result<Self> {
        let name = format!("kindling-bench-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        // Not `create_dir_all`: a folder that somebody else put there is not ours to fill.
        std::fs::create_dir(&folder)?;
        Ok(Self { folder })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl AsRef<Path> for Scratch {
    fn as_ref(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            eprintln!("{} stays behind: {error}", self.folder.display());
        }
    }
}
