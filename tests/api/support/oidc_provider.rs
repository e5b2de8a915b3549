//! A real OpenID provider, and how a browser passes through it.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use super::{browser::Browser, server::Answer, tools::node_folder};

/// Where the server under test is told that it can be reached; nothing is ever sent there.
pub(crate) const PUBLIC: &str = "https://cms.example.org";
/// What the provider knows the server by.
pub(crate) const CLIENT_SECRET: &str = "canary-client-secret";

/// The provider as a process, ended with this value.
pub(crate) struct OidcProvider {
    child: Child,
    pub(crate) issuer: String,
}

impl OidcProvider {
    /// A new one that knows nobody; none if Node.js does not have its packages, which has been said loudly.
    pub(crate) fn start(flags: &[&str]) -> Option<Self> {
        let folder = node_folder()?;
        let callbacks = ["one", "two"].map(|id| format!("{PUBLIC}/auth/oidc/{id}/callback"));
        let mut child = Command::new("node")
            .arg(folder.join("oidc-provider.mjs"))
            .args(callbacks)
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a provider");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let issuer = lines.find_map(|line| line.ok().filter(|line| line.starts_with("http://")));
        let issuer = issuer.expect("its address");
        // What it says later must have somewhere to go.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Some(Self { child, issuer })
    }

    /// What the settings say about it.
    pub(crate) fn settings(&self, id: &str, more: &Value) -> Value {
        let mut settings = json!({
            "id": id, "name": format!("Provider {id}"), "issuer": self.issuer, "client_id": "kindling",
            "client_secret": CLIENT_SECRET, "scopes": ["email", "profile", "groups"],
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            settings[name] = value.clone();
        }
        settings
    }

    /// From now on the provider knows somebody by this name, and says this about them.
    pub(crate) async fn knows(&self, login: &str, claims: &Value) {
        self.set(&format!("control/{login}"), &claims.to_string())
            .await;
    }

    /// From now on the provider signs with a key that nobody knows yet.
    pub(crate) async fn has_new_keys(&self) {
        self.set("new-keys", "").await;
    }

    /// From now on its ID tokens name the access token that comes with them, or another one.
    pub(crate) async fn names_access_tokens(&self, which: &str) {
        self.set("at-hash", which).await;
    }

    async fn set(&self, what: &str, to: &str) {
        let url = format!("{}/{what}", self.issuer);
        let answer = Browser::default().send("PUT", &url, &[], to).await;
        assert_eq!(answer.status, 204);
    }

    /// Signs in at the provider, where the browser was sent; returns where the provider sends it.
    pub(crate) async fn sign_in(&self, browser: &mut Browser, login: &str, url: &str) -> String {
        let mut answer = browser.get(url).await;
        for _ in 0..5 {
            let to = self.absolute(&answer);
            if !to.starts_with(&self.issuer) {
                return to;
            }
            answer = if to.contains("/interaction/") {
                let form = format!("prompt=login&login={login}&password=x");
                browser.post(&to, &form).await
            } else {
                browser.get(&to).await
            };
        }
        panic!("the provider goes in circles: {answer:?}");
    }

    fn absolute(&self, answer: &Answer) -> String {
        match answer.header("location") {
            "" => panic!("the provider sends nobody on: {answer:?}"),
            path if path.starts_with('/') => format!("{}{path}", self.issuer),
            url => url.to_owned(),
        }
    }
}

impl Drop for OidcProvider {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
