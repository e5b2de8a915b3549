//! The disk that the data lies on.

use std::{fmt::Result, path::Path};

use super::{
    meter::float,
    sheet::{Figures, Sheet},
};

/// How much room there is.
#[derive(Clone, Copy, Debug)]
pub struct Disk {
    /// For this program, in bytes.
    pub free_bytes: u64,
    /// In all.
    pub size_bytes: u64,
}

impl Disk {
    /// The disk that a folder lies on; none if that cannot be told.
    pub fn of(folder: &Path) -> Option<Self> {
        let told = rustix::fs::statvfs(folder).ok()?;
        Some(Self {
            free_bytes: told.f_bavail.saturating_mul(told.f_frsize),
            size_bytes: told.f_blocks.saturating_mul(told.f_frsize),
        })
    }
}

impl Figures for Disk {
    fn write(&self, sheet: &mut Sheet<'_>) -> Result {
        let help = "Room on the disk of data_dir, for this program.";
        sheet.gauge("data_dir_free_bytes", help, float(self.free_bytes))?;
        let help = "The size of that disk.";
        sheet.gauge("data_dir_size_bytes", help, float(self.size_bytes))
    }
}
