//! Where the server listens, and that the links that it prints lead there.

use tempfile::TempDir;

use crate::support::server::{Server, kindling};

/// Serves an empty site with this address, if one is given, and this variable `PORT`.
fn server(folder: &TempDir, listen: Option<&str>, port: Option<&str>) -> Server {
    let mut command = kindling(
        folder.path(),
        &["serve", "--log-format", "json", "--data-dir", "data"],
    );
    if let Some(listen) = listen {
        command.args(["--listen", listen]);
    }
    if let Some(port) = port {
        command.env("PORT", port);
    }
    Server::run(command)
}

#[tokio::test]
async fn links_lead_to_where_the_server_listens() {
    for (listen, port, host) in [
        (Some("127.0.0.1:0"), None, "127.0.0.1"),
        (Some("localhost:0"), None, "127.0.0.1"),
        (Some("0"), None, "127.0.0.1"),
        (Some("0.0.0.0:0"), None, "127.0.0.1"),
        (Some(":0"), None, "localhost"),
        (None, Some("0"), "localhost"),
        (Some("127.0.0.1:0"), Some("nonsense"), "127.0.0.1"),
    ] {
        let folder = TempDir::new().expect("a folder");
        let mut server = server(&folder, listen, port);
        let link = server.wait_for("link", |server| {
            let printed = server.printed();
            let mut links = printed.iter().map(|line| line.trim());
            links
                .find(|line| line.starts_with("http"))
                .map(str::to_owned)
        });
        let expected = format!("http://{host}:{}/setup#kds_", server.address.port());
        assert!(
            link.starts_with(&expected) && !link.contains(":0/"),
            "{link} is not {expected}"
        );
        server.address.set_ip([127, 0, 0, 1].into());
        assert_eq!(server.get("/livez", &[]).await.status, 200);
        let is_there = server.log().iter().any(|line| {
            let message = line["fields"]["message"].as_str().unwrap_or_default();
            message == format!("serving on http://{host}:{}", server.address.port())
        });
        assert!(is_there, "{:?}", server.log());
    }
}
