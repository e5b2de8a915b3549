//! Markdown to HTML that is safe to show: raw HTML is left out, and links lead only where links may lead.

use comrak::{Options, markdown_to_html};

/// The text as HTML: `CommonMark` with tables, strikethrough and bare links.
pub fn to_html(markdown: &str) -> String {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    // What comrak does unless told otherwise, said here because everything depends on it.
    options.render.r#unsafe = false;
    markdown_to_html(markdown, &options)
}
