//! An OpenID provider and a mail server that do nothing right, and repeat all they have heard.

use std::sync::{Arc, Mutex};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What a liar has heard, and how it answers next.
#[derive(Clone, Default)]
pub(super) struct Liar(Arc<Mutex<(Vec<String>, usize)>>);

impl Liar {
    fn hear(&self, text: &str) -> String {
        let mut state = self.0.lock().expect("its state");
        for word in text.split([' ', '&', '=', '\r', '\n']) {
            let decoded = BASE64_STANDARD_NO_PAD.decode(word).ok();
            let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
            state
                .0
                .extend([Some(word.to_owned()), decoded].into_iter().flatten());
        }
        state.0.join(" ")
    }

    /// From now on it lies in another way.
    pub(super) fn lie(&self, how: usize) {
        self.0.lock().expect("its state").1 = how;
    }

    fn way(&self) -> usize {
        self.0.lock().expect("its state").1
    }

    /// Whether it has heard this.
    pub(super) fn has_heard(&self, text: &str) -> bool {
        let state = self.0.lock().expect("its state");
        state.0.iter().any(|heard| heard.contains(text))
    }
}

/// In how many ways a provider lies.
pub(super) const WAYS_OF_PROVIDERS: usize = 10;

/// A provider that lies; returns its address.
pub(super) async fn provider(liar: &Liar, secret: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("an address"));
    let (liar, own) = (liar.clone(), issuer.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, liar.clone(), own.clone(), secret));
        }
    });
    issuer
}

async fn answer(mut stream: TcpStream, liar: Liar, issuer: String, secret: &'static str) {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    while !is_whole(&request) {
        match stream.read(&mut piece).await {
            Ok(count) if count > 0 => request.extend_from_slice(&piece[..count]),
            _ => return,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let heard = format!("{} {secret}", liar.hear(&request));
    let (status, body) = if request.starts_with("GET /.well-known/") {
        discovery(liar.way(), &issuer, &heard)
    } else if request.starts_with("GET /jwks") {
        (200, json!({"keys": []}).to_string())
    } else {
        tokens(liar.way(), &issuer, &heard)
    };
    let answer = format!(
        "HTTP/1.1 {status} {secret}\r\nContent-Type: application/json\r\nX-Heard: {secret}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // Whoever asked may have gone.
    let _ = stream.write_all(format!("{answer}{body}").as_bytes()).await;
}

/// Whether the head of a request is there, and the body that it tells of.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.split("content-length: ").nth(1);
    let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn discovery(way: usize, issuer: &str, heard: &str) -> (u16, String) {
    let all = |issuer: &str| {
        json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/auth"), "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"), "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
        })
    };
    match way {
        0 => (200, heard.to_owned()),
        1 => (
            200,
            all(&format!("{issuer}/{}", heard.replace(' ', "/"))).to_string(),
        ),
        2 => (500, heard.to_owned()),
        3 => (200, json!({"issuer": [heard]}).to_string()),
        _ => (200, all(issuer).to_string()),
    }
}

fn tokens(way: usize, issuer: &str, heard: &str) -> (u16, String) {
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let with = |header: Value, claims: Value| {
        let token = format!(
            "{}.{}.{}",
            part(header),
            part(claims),
            BASE64_URL_SAFE_NO_PAD.encode(heard)
        );
        json!({"access_token": heard, "token_type": "bearer", "id_token": token}).to_string()
    };
    let signed = json!({"alg": "RS256", "kid": heard});
    let claims = |issuer: &str, audience: &str| json!({"iss": issuer, "aud": audience, "sub": heard, "nonce": heard, "iat": 1, "exp": 2});
    match way {
        4 => (
            400,
            json!({"error": heard, "error_description": heard, "error_uri": heard}).to_string(),
        ),
        5 => (200, heard.to_owned()),
        6 => (200, with(signed, claims(heard, "kindling"))),
        7 => (200, with(signed, claims(issuer, heard))),
        8 => (200, with(json!({"alg": heard}), claims(issuer, "kindling"))),
        _ => (200, with(signed, claims(issuer, "kindling"))),
    }
}

/// A mail server at this port that takes no mail: it refuses, breaks off, or says nothing at all.
pub(super) async fn mail_server(liar: &Liar, port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .expect("the port");
    let liar = liar.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, liar.clone()));
        }
    });
}

async fn converse(mut stream: TcpStream, liar: Liar) -> Option<()> {
    let way = liar.way();
    if way > 1 {
        // It holds the line, and says nothing.
        let mut piece = [0; 64];
        while stream.read(&mut piece).await.ok()? > 0 {}
        return None;
    }
    stream.write_all(b"220 liar.example ESMTP\r\n").await.ok()?;
    let mut piece = [0; 4096];
    loop {
        let count = stream
            .read(&mut piece)
            .await
            .ok()
            .filter(|count| *count > 0)?;
        let said = String::from_utf8_lossy(&piece[..count]).into_owned();
        let heard = liar.hear(&said).replace(['\r', '\n'], " ");
        let answer = match said.get(..4) {
            Some("EHLO") => "250-liar.example\r\n250 AUTH PLAIN LOGIN\r\n".to_owned(),
            _ if way == 1 => return None,
            _ => format!("535 5.7.8 you said {heard}\r\n"),
        };
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}
