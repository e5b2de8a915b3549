//! QR codes as SVG.

use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};

use crate::{
    crypto::Secret,
    error::{Error, Result},
};

/// How many modules stay white around the code.
const QUIET: i32 = 4;

/// The text as a QR code: one path, black on white, a unit for each module.
pub(super) fn svg(text: &Secret) -> Result<Secret> {
    let code = QrCode::encode_text(text.expose(), QrCodeEcc::Medium).map_err(Error::internal)?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            write!(path, "M{},{}h1v1h-1z", x + QUIET, y + QUIET).map_err(Error::internal)?;
        }
    }
    let size = code.size() + 2 * QUIET;
    Ok(Secret::new(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0,0h{size}v{size}h-{size}z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    )))
}
