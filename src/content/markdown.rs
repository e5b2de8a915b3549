//! Markdown to HTML that is safe to show: raw HTML is left out, and links lead only where the allow-list says.

use comrak::{Arena, Node, Options, format_html, nodes::NodeValue, parse_document};
use sha2::{Digest, Sha256};

/// Where links may lead.
const LINK_SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];
/// What comrak writes in the place of raw HTML.
const OMITTED: &str = "<!-- raw HTML omitted -->";
/// Where pictures may come from.
const IMAGE_SCHEMES: [&str; 2] = ["http", "https"];

/// The text as HTML: `CommonMark` with tables, strikethrough, footnotes and bare links. A link to a scheme that is not allowed becomes its
/// text. Of raw HTML nothing stays but `<br>`, which is how a line ends in the cell of a table. The largest headings have this level.
pub fn to_html(markdown: &str, largest_heading: u8) -> String {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.footnotes = true;
    // Bold text before the full stop of Chinese, Japanese and Korean.
    options.extension.cjk_friendly_emphasis = true;
    // The default of comrak, said here because everything depends on it.
    options.render.r#unsafe = false;
    let arena = Arena::new();
    let document = parse_document(&arena, markdown, &options);
    let mark = mark_of(markdown);
    for node in document.descendants().collect::<Vec<_>>() {
        match &mut node.data_mut().value {
            NodeValue::Heading(heading) => {
                heading.level = (heading.level + largest_heading.saturating_sub(1)).min(6);
            }
            NodeValue::FootnoteReference(note) => note.name = format!("{mark}-{}", note.name),
            NodeValue::FootnoteDefinition(note) => note.name = format!("{mark}-{}", note.name),
            _ => {}
        }
        if is_html(node) && !is_line_break(node) {
            node.detach();
        } else if !is_allowed(node) {
            unwrap(node);
        }
    }
    let mut html = String::new();
    // Writing to a `String` cannot fail.
    let _ = format_html(document, &options, &mut html);
    // No other raw HTML is left.
    html.replace(OMITTED, "<br />")
}

/// What tells the footnotes of a text from those of others on the same page.
fn mark_of(markdown: &str) -> String {
    hex::encode(&Sha256::digest(markdown)[..4])
}

fn is_line_break(node: Node<'_>) -> bool {
    match &node.data().value {
        NodeValue::HtmlInline(html) => {
            let name = html
                .trim_start_matches('<')
                .trim_end_matches('>')
                .trim_end_matches('/');
            name.trim().eq_ignore_ascii_case("br")
        }
        _ => false,
    }
}

fn is_html(node: Node<'_>) -> bool {
    matches!(
        node.data().value,
        NodeValue::HtmlInline(_) | NodeValue::HtmlBlock(_)
    )
}

fn is_allowed(node: Node<'_>) -> bool {
    match &node.data().value {
        NodeValue::Link(link) => leads_to(&link.url, &LINK_SCHEMES),
        NodeValue::Image(image) => leads_to(&image.url, &IMAGE_SCHEMES),
        _ => true,
    }
}

/// Puts what a node holds in its place.
fn unwrap(node: Node<'_>) {
    while let Some(child) = node.first_child() {
        node.insert_before(child);
    }
    node.detach();
}

/// Whether an address is relative, or has one of these schemes. It is checked as it was decoded, without entities and escapes. What
/// stands before a colon is a scheme, whether or not its characters may be in one: browsers drop some of them.
fn leads_to(url: &str, schemes: &[&str]) -> bool {
    if url.chars().any(char::is_control) {
        return false;
    }
    let path = url.find(['/', '?', '#']).unwrap_or(url.len());
    match url[..path].split_once(':') {
        Some((scheme, _)) => schemes
            .iter()
            .any(|allowed| scheme.eq_ignore_ascii_case(allowed)),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    fn to_html(markdown: &str) -> String {
        super::to_html(markdown, 1)
    }

    #[test]
    fn the_largest_headings_have_the_level_that_is_asked_for() {
        let html = super::to_html("# A\n\n## B\n\n###### C", 2);
        assert_eq!(html, "<h2>A</h2>\n<h3>B</h3>\n<h6>C</h6>\n");
        assert_eq!(to_html("# A"), "<h1>A</h1>\n");
    }

    #[test]
    fn footnotes_of_two_texts_have_addresses_of_their_own() {
        let (one, other) = (
            to_html("One[^1].\n\n[^1]: A note."),
            to_html("Two[^1].\n\n[^1]: A note."),
        );
        for html in [&one, &other] {
            assert!(
                html.contains("A note.") && html.contains("data-footnotes"),
                "{html}"
            );
            assert!(!html.contains("[^1]"), "{html}");
        }
        let id = |html: &str| {
            html.split("<li id=\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next())
                .map(str::to_owned)
        };
        let (first, second) = (id(&one).expect("an id"), id(&other).expect("an id"));
        assert_ne!(first, second);
        assert!(one.contains(&format!("href=\"#{first}\"")), "{one}");
    }

    #[test]
    fn links_lead_where_the_list_says() {
        for url in [
            "https://example.org/a?b=c:d#e",
            "HTTP://example.org",
            "mailto:ann@example.org",
            "tel:+43123",
            "/path:with/colon",
            "path/a:b",
            "../up",
            "#fragment:here",
            "?query=a:b",
            "//example.org/a",
            "",
        ] {
            let html = to_html(&format!("[text](<{url}>)"));
            assert!(html.contains("<a href=\""), "{url}: {html}");
        }
        let bare = to_html("See https://example.org and ann@example.org.");
        assert_eq!(bare.matches("<a href=").count(), 2, "{bare}");
    }

    #[test]
    fn any_other_scheme_becomes_text() {
        for markdown in [
            "[text](javascript:alert(1))",
            "[text](JaVaScRiPt:alert(1))",
            "[text](javascript&colon;alert(1))",
            "[text](java&Tab;script:alert(1))",
            "[text](java&NewLine;script:alert(1))",
            "[text](&#1;javascript:alert(1))",
            "[text](&#x6a;avascript:alert(1))",
            "[text](javascript\\:alert(1))",
            "[text](<&nbsp;javascript:alert(1)>)",
            "[text](<&#32;javascript:alert(1)>)",
            "[text](vbscript:x)",
            "[text](data:text/html,x)",
            "[text](data:image/png;base64,x)",
            "[text](file:///etc/passwd)",
            "[text](ftp://example.org)",
            "[text](intent://x)",
            "[text](x-anything:text)",
            "[text][ref]\n\n[ref]: javascript:alert(1)",
            "[text]\n\n[text]: sms:1",
            "<javascript:text>",
            "<ftp://example.org/text>",
            "a bare ftp://example.org/text",
            "![text](data:image/png;base64,x)",
            "![text](mailto:a@b.c)",
            "![text](javascript:alert(1))",
            "[![text](data:image/gif;base64,x)](javascript:alert(1))",
        ] {
            let html = to_html(markdown);
            assert!(html.contains("text"), "{markdown}: {html}");
            assert!(
                !html.contains("href=") && !html.contains("src="),
                "{markdown}: {html}"
            );
        }
    }

    #[test]
    fn of_raw_html_lines_stay() {
        let html = to_html("| A |\n|---|\n| Hall<br>Cellar<BR/>Roof<br /> |\n");
        assert_eq!(html.matches("<br />").count(), 3, "{html}");
        let html = to_html(
            "a <b>bold</b> <script>alert(1)</script>\n\n<div>\nc\n</div>\n\n<!-- d -->\n\n<break>e",
        );
        assert_eq!(html, "<p>a bold alert(1)</p>\n<p>e</p>\n");
    }

    #[test]
    fn bold_text_ends_before_the_punctuation_of_any_script() {
        for markdown in [
            "**重要。**これは",
            "**「強調」**です",
            "**中文。**中文",
            "**한국어(조선말)**를",
        ] {
            assert!(to_html(markdown).contains("<strong>"), "{markdown}");
        }
    }

    #[test]
    fn what_a_link_holds_stays() {
        let html = to_html("[a *b* ![c](/d.png)](javascript:x)");
        assert_eq!(
            html,
            "<p>a <em>b</em> <img src=\"/d.png\" alt=\"c\" /></p>\n"
        );
    }
}
