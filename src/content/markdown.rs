//! Markdown to HTML that is safe to show: raw HTML is left out, and links lead only where the allow-list says.

use comrak::{Arena, Node, Options, format_html, nodes::NodeValue, parse_document};

/// Where links may lead.
const LINK_SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];
/// Where pictures may come from.
const IMAGE_SCHEMES: [&str; 2] = ["http", "https"];

/// The text as HTML: `CommonMark` with tables, strikethrough and bare links. A link to a scheme that is not allowed becomes its text.
pub fn to_html(markdown: &str) -> String {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    // The default of comrak, said here because everything depends on it.
    options.render.r#unsafe = false;
    let arena = Arena::new();
    let document = parse_document(&arena, markdown, &options);
    for node in document.descendants().collect::<Vec<_>>() {
        if !is_allowed(node) {
            unwrap(node);
        }
    }
    let mut html = String::new();
    // Writing to a `String` cannot fail.
    let _ = format_html(document, &options, &mut html);
    html
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
    use super::to_html;

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
    fn what_a_link_holds_stays() {
        let html = to_html("[a *b* ![c](/d.png)](javascript:x)");
        assert_eq!(
            html,
            "<p>a <em>b</em> <img src=\"/d.png\" alt=\"c\" /></p>\n"
        );
    }
}
