//! One log line: bounded in length, and free of characters with which a foreign text could forge lines or steer a terminal.

use std::fmt::Write;

use serde_json::{Value, json};
use tracing::Level;

/// The longest line, in bytes.
const MAX_BYTES: usize = 16 * 1024;
/// The longest text in a JSON line that would be longer, in bytes.
const MAX_TEXT_BYTES: usize = 1024;

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Plain text.
    Text,
    /// Text whose level has a colour.
    Terminal,
    /// JSON.
    Json,
}

/// The bytes of a line with its end.
pub(super) fn bounded(text: &str, style: Style, level: Option<Level>) -> Vec<u8> {
    let mut line = match style {
        Style::Json => bounded_json(text),
        Style::Text | Style::Terminal => bounded_text(text),
    };
    if let (Style::Terminal, Some(level)) = (style, level) {
        colour(&mut line, level);
    }
    line.push('\n');
    line.into_bytes()
}

fn bounded_text(text: &str) -> String {
    if text.len() <= MAX_BYTES && is_plain(text) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len().min(MAX_BYTES));
    for character in text.chars() {
        if line.len() >= MAX_BYTES {
            // Writing to a `String` cannot fail.
            let _ = write!(line, "… (cut; it had {} bytes)", text.len());
            break;
        }
        if is_harmless(character) {
            line.push(character);
        } else {
            line.extend(character.escape_default());
        }
    }
    line
}

fn bounded_json(text: &str) -> String {
    if text.len() > MAX_BYTES {
        return escaped_json(&shortened(text));
    }
    if is_plain(text) {
        return text.to_owned();
    }
    escaped_json(text)
}

/// JSON in which no text has a harmful character. JSON itself has none of them outside of texts.
fn escaped_json(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    for character in json.chars() {
        if is_harmless(character) {
            line.push(character);
        } else {
            // All of them are in the basic plane.
            let _ = write!(line, "\\u{:04x}", u32::from(character));
        }
    }
    line
}

/// A JSON line with its texts cut; its beginning as a text if that is not enough.
fn shortened(text: &str) -> String {
    if let Ok(mut line) = serde_json::from_str::<Value>(text) {
        cut_texts(&mut line);
        let line = line.to_string();
        if line.len() <= MAX_BYTES {
            return line;
        }
    }
    let mut message = Value::from(text);
    cut_texts(&mut message);
    json!({ "fields": { "message": "a log line was too long", "line": message } }).to_string()
}

fn cut_texts(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > MAX_TEXT_BYTES => {
            let length = text.len();
            text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
            let _ = write!(text, "… (cut; it had {length} bytes)");
        }
        Value::Array(items) => items.iter_mut().for_each(cut_texts),
        Value::Object(fields) => fields.values_mut().for_each(cut_texts),
        _ => {}
    }
}

/// Whether all is ASCII that can be shown, which most lines are.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Whether a character neither ends a line nor steers what shows it: no control character, no separator of lines, nothing that
/// changes the direction of the text.
fn is_harmless(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{2028}'
                | '\u{2029}'
                | '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        )
}

/// Colours the level, which is the second word.
fn colour(line: &mut String, level: Level) {
    let word = level.as_str();
    let code = match level {
        Level::ERROR => 31,
        Level::WARN => 33,
        Level::INFO => 32,
        Level::DEBUG => 34,
        Level::TRACE => 35,
    };
    if let Some(at) = line.find(word) {
        line.replace_range(at..at + word.len(), &format!("\x1b[{code}m{word}\x1b[0m"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use tracing::Level;

    use super::{MAX_BYTES, Style, bounded};

    fn line(text: &str, style: Style) -> String {
        String::from_utf8(bounded(text, style, Some(Level::WARN))).expect("UTF-8")
    }

    #[test]
    fn foreign_text_neither_forges_lines_nor_steers_terminals() {
        let evil = "a\nb\r\tc\u{1b}[2Jd\u{7f}\u{9b}31m\u{2028}\u{202e}é";
        let text = line(evil, Style::Text);
        assert_eq!(
            text,
            "a\\nb\\r\\tc\\u{1b}[2Jd\\u{7f}\\u{9b}31m\\u{2028}\\u{202e}é\n"
        );
        let json = line(&Value::from(evil).to_string(), Style::Json);
        assert!(json.trim_end().chars().all(|c| !c.is_control()), "{json:?}");
        let back: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(back, evil, "it is the same text");
    }

    #[test]
    fn only_the_level_has_a_colour() {
        let text = line(
            "2026-11-27T08:00:00Z  WARN kindling: a WARN \x1b[8m",
            Style::Terminal,
        );
        assert_eq!(
            text,
            "2026-11-27T08:00:00Z  \x1b[33mWARN\x1b[0m kindling: a WARN \\u{1b}[8m\n"
        );
    }

    #[test]
    fn lines_are_bounded_and_stay_what_they_are() {
        for long in ["é".repeat(MAX_BYTES), "\u{1b}".repeat(MAX_BYTES)] {
            let text = line(&long, Style::Text);
            assert!(
                text.len() < MAX_BYTES + 100 && text.contains("cut"),
                "{}",
                text.len()
            );
            let record =
                serde_json::json!({ "level": "WARN", "fields": { "message": "m", "cause": long } });
            let json = line(&record.to_string(), Style::Json);
            assert!(json.len() < MAX_BYTES, "{}", json.len());
            let back: Value = serde_json::from_str(&json).expect("JSON");
            assert_eq!(back["fields"]["message"], "m");
            assert_eq!(back["level"], "WARN");
        }
        let many = serde_json::json!({ "fields": vec!["x"; MAX_BYTES] });
        let json = line(&many.to_string(), Style::Json);
        let back: Value = serde_json::from_str(&json).expect("JSON");
        assert!(
            json.len() < MAX_BYTES && back["fields"]["line"].is_string(),
            "{json}"
        );
    }
}
