//! What a mail says, and how that looks as text and as HTML.

use std::fmt::Write;

use crate::crypto::Secret;

/// A mail without its recipient.
pub struct Letter {
    pub(super) subject: String,
    /// What stands before the link.
    pub(super) before: Vec<String>,
    /// What the link does, and its address.
    pub(super) link: Option<(&'static str, Secret)>,
    /// What stands after the link.
    pub(super) after: Vec<String>,
}

impl Letter {
    /// As plain text.
    pub(super) fn text(&self) -> String {
        let link = self.link.iter().map(|(_, address)| address.expose());
        let before = self.before.iter().map(String::as_str);
        let after = self.after.iter().map(String::as_str);
        let parts: Vec<&str> = before.chain(link).chain(after).collect();
        parts.join("\n\n") + "\n"
    }

    /// As HTML, readable on any screen and in the dark, without anything from elsewhere.
    pub(super) fn html(&self) -> String {
        let paragraph = |text: &String| format!("<p>{}</p>\n", escaped(text));
        let mut body: String = self.before.iter().map(paragraph).collect();
        if let Some((label, address)) = &self.link {
            let address = escaped(address.expose());
            // Writing to a `String` cannot fail.
            let _ = writeln!(body, "<p><a href=\"{address}\">{}</a></p>", escaped(label));
            let _ = writeln!(
                body,
                "<p>If that does not open, copy this address: {address}</p>"
            );
        }
        body.extend(self.after.iter().map(paragraph));
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\"><title>{}</title></head>\n\
             <body style=\"max-width: 36em; margin: 1.5em auto; padding: 0 1em; font: 16px/1.6 sans-serif; \
             overflow-wrap: anywhere\">\n{body}</body>\n</html>\n",
            escaped(&self.subject)
        )
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{Letter, Secret};

    #[test]
    fn both_forms_say_the_same_and_nothing_in_them_is_markup() {
        let letter = Letter {
            subject: "A <b>subject".to_owned(),
            before: vec!["Ann & \"Bob\" <i>write".to_owned()],
            link: Some(("Open", Secret::new("https://a.example/?a=1&b=2#kdi_x"))),
            after: vec!["Good bye".to_owned()],
        };
        assert_eq!(
            letter.text(),
            "Ann & \"Bob\" <i>write\n\nhttps://a.example/?a=1&b=2#kdi_x\n\nGood bye\n"
        );
        let html = letter.html();
        assert!(
            html.contains("Ann &amp; &quot;Bob&quot; &lt;i&gt;write"),
            "{html}"
        );
        assert!(
            html.contains("href=\"https://a.example/?a=1&amp;b=2#kdi_x\""),
            "{html}"
        );
        assert!(!html.contains("<i>") && !html.contains("<b>"), "{html}");
    }
}
