//! The samples for nginx and Caddy, run before a real server.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rcgen::generate_simple_self_signed;
use reqwest::{Certificate, Client};
use tempfile::TempDir;

use super::{adapted, checks::Visitor, sample};
use crate::support::{
    server::Server,
    tools::{caddy, nginx},
};

const DEADLINE: Duration = Duration::from_secs(30);
/// Where the samples send requests.
const UPSTREAM: &str = "127.0.0.1:8080";

/// A proxy, killed with this value.
struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        // One that has ended needs no end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Proxy {
    /// Runs the command until it accepts connections at the address.
    fn run(command: &mut Command, address: SocketAddr) -> Self {
        let mut proxy = Self(command.stdout(Stdio::null()).spawn().expect("a proxy"));
        let begun = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            let ended = proxy.0.try_wait().expect("a state");
            assert!(ended.is_none(), "the proxy has ended: {ended:?}");
            assert!(begun.elapsed() < DEADLINE, "the proxy does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        proxy
    }

    /// Runs nginx with this text inside `http`.
    fn nginx(program: &Path, folder: &Path, http: &str, address: SocketAddr) -> Self {
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        let user = if is_root { "user root;" } else { "" };
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {name};"))
            .concat();
        let config = format!(
            "{user} daemon off; master_process off; pid nginx.pid; error_log stderr; events {{}}\nhttp {{ access_log off; {temporary}\n{http}\n}}"
        );
        fs::write(folder.join("nginx.conf"), config).expect("settings");
        let mut command = Command::new(program);
        command.arg("-p").arg(folder);
        command.args(["-e", "stderr", "-c", "nginx.conf"]);
        Self::run(&mut command, address)
    }
}

fn free_address() -> SocketAddr {
    let probe = TcpListener::bind("127.0.0.1:0").expect("a port");
    probe.local_addr().expect("an address")
}

/// A server with the settings of the sample.
fn server(folder: &TempDir, arguments: &[&str]) -> Server {
    let settings = sample("kindling.toml").display().to_string();
    Server::start(
        folder.path(),
        &[&["--config", &settings], arguments].concat(),
    )
}

#[tokio::test]
async fn nginx_serves_a_name_of_its_own() {
    let Some(program) = nginx() else {
        return;
    };
    let (folder, site) = (
        TempDir::new().expect("a folder"),
        TempDir::new().expect("a folder"),
    );
    let mut server = server(&site, &[]);
    let pair = generate_simple_self_signed(vec!["cms.example.org".to_owned()]).expect("a pair");
    fs::write(folder.path().join("chain.pem"), pair.cert.pem()).expect("a file");
    fs::write(
        folder.path().join("key.pem"),
        pair.signing_key.serialize_pem(),
    )
    .expect("a file");
    let (plain, tls) = (free_address(), free_address());
    let http = adapted(
        "nginx.conf",
        &[
            (UPSTREAM, &server.address.to_string()),
            ("listen 80;", &format!("listen {plain};")),
            ("listen 443 ", &format!("listen {tls} ")),
            ("listen [::]:80;", ""),
            ("listen [::]:443 ssl http2;", ""),
            (
                "/etc/letsencrypt/live/cms.example.org/fullchain.pem",
                "chain.pem",
            ),
            (
                "/etc/letsencrypt/live/cms.example.org/privkey.pem",
                "key.pem",
            ),
        ],
    );
    let _proxy = Proxy::nginx(&program, folder.path(), &http, tls);

    let certificate = Certificate::from_pem(pair.cert.pem().as_bytes()).expect("a certificate");
    let client = Client::builder().add_root_certificate(certificate);
    let visitor = Visitor::new(client, "https", "cms.example.org", tls, "");
    visitor.checks(&mut server).await;

    let unencrypted = Visitor::new(Client::builder(), "http", "cms.example.org", plain, "");
    let answer = unencrypted.get("/graphql?query={x}", &[]).await;
    assert_eq!(answer.status(), 308);
    let location = answer.headers()["location"].to_str().expect("a text");
    assert_eq!(location, "https://cms.example.org/graphql?query={x}");
}

#[tokio::test]
async fn nginx_serves_a_path_of_another_site() {
    let Some(program) = nginx() else {
        return;
    };
    let (folder, site) = (
        TempDir::new().expect("a folder"),
        TempDir::new().expect("a folder"),
    );
    let mut server = server(&site, &["--public-url", "https://www.example.org/cms"]);
    let address = free_address();
    let location = adapted(
        "nginx-subpath.conf",
        &[(UPSTREAM, &server.address.to_string())],
    );
    let http = format!(
        "server {{ listen {address}; server_name www.example.org; location / {{ return 200 \"the site\"; }}\n{location}\n}}"
    );
    let _proxy = Proxy::nginx(&program, folder.path(), &http, address);
    let visitor = Visitor::new(
        Client::builder(),
        "http",
        "www.example.org",
        address,
        "/cms",
    );
    visitor.checks(&mut server).await;
    let other = Visitor::new(Client::builder(), "http", "www.example.org", address, "");
    let answer = other.get("/graphql", &[]).await;
    assert_eq!(answer.text().await.expect("a text"), "the site");
}

#[tokio::test]
async fn caddy_serves_a_name_of_its_own() {
    let Some(program) = caddy() else {
        return;
    };
    let (folder, site) = (
        TempDir::new().expect("a folder"),
        TempDir::new().expect("a folder"),
    );
    let caddy = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(arguments).current_dir(folder.path());
        // What it keeps, it keeps in the folder.
        command
            .env("HOME", folder.path())
            .env("XDG_DATA_HOME", folder.path());
        command.env("XDG_CONFIG_HOME", folder.path());
        command.stderr(Stdio::null());
        command
    };
    let shown = sample("Caddyfile").display().to_string();
    let validated = caddy(&["validate", "--adapter", "caddyfile", "--config", &shown]).status();
    assert!(
        validated.expect("Caddy").success(),
        "the sample is not valid"
    );

    let mut server = server(&site, &[]);
    let address = free_address();
    let name = format!("http://cms.example.org:{} {{", address.port());
    // Without the certificate, which Caddy would get from the Internet.
    let sites = adapted(
        "Caddyfile",
        &[
            (UPSTREAM, &server.address.to_string()),
            ("cms.example.org {", &name),
        ],
    );
    let global = "{\nadmin off\ndefault_bind 127.0.0.1\n}\n";
    fs::write(folder.path().join("Caddyfile"), format!("{global}{sites}")).expect("settings");
    let _proxy = Proxy::run(&mut caddy(&["run", "--config", "Caddyfile"]), address);
    let visitor = Visitor::new(Client::builder(), "http", "cms.example.org", address, "");
    visitor.checks(&mut server).await;
}
