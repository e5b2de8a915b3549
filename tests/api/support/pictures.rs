//! Pictures that consist of little more than what tells their kind and size, and forms to send them in.

use std::sync::Arc;

use async_graphql::{Name, ScalarType, Value as Sent, Variables};
use bytes::Bytes;
use kindling::{auth::Principal, content::upload::Uploads, delivery::Sender};
use serde_json::{Value, json};

use super::{
    TestApp, answer,
    server::{Answer, Server},
};

/// A chunk of PNG.
pub(crate) fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("a short chunk");
    let named = [name, content].concat();
    let mut check = flate2::Crc::new();
    check.update(&named);
    [
        &length.to_be_bytes(),
        named.as_slice(),
        &check.sum().to_be_bytes(),
    ]
    .concat()
}

pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let head = chunk(b"IHDR", &[sides.as_slice(), b"\x08\x06\0\0\0"].concat());
    let pixels = chunk(b"IDAT", b"\x78\x9c\x03\0\0\0\0\x01");
    [
        b"\x89PNG\r\n\x1a\n",
        head.as_slice(),
        &pixels,
        &chunk(b"IEND", b""),
    ]
    .concat()
}

pub(crate) fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let head = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xc0\0\x11\x08";
    let sides = [height.to_be_bytes(), width.to_be_bytes()].concat();
    let rest = b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01";
    let pixels = b"\xff\xda\0\x0c\x03\x01\0\x02\x11\x03\x11\0\x3f\0\xfc\xff\0\xff\xd0\x28\xff\xd9";
    [head.as_slice(), &sides, rest, pixels].concat()
}

pub(crate) fn gif(width: u16, height: u16) -> Vec<u8> {
    let sides = [width.to_le_bytes(), height.to_le_bytes()].concat();
    let pixels = [b",\0\0\0\0".as_slice(), &sides, b"\0\x02\x02\x44\x01\0;"].concat();
    [b"GIF89a".as_slice(), &sides, b"\0\0\0", &pixels].concat()
}

pub(crate) fn webp(width: u32, height: u32) -> Vec<u8> {
    let side = |pixels: u32| (pixels - 1).to_le_bytes()[..3].to_vec();
    let head = b"RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0";
    let pixels = b"VP8L\x05\0\0\0/\0\0\0\0\0";
    [head.as_slice(), &side(width), &side(height), pixels].concat()
}

/// A box of AVIF.
pub(crate) fn part(name: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 8).expect("a short part");
    [&length.to_be_bytes(), name, content].concat()
}

pub(crate) fn avif(width: u32, height: u32) -> Vec<u8> {
    let sides = [[0; 4], width.to_be_bytes(), height.to_be_bytes()].concat();
    let properties = part(b"iprp", &part(b"ipco", &part(b"ispe", &sides)));
    let index = part(b"meta", &[&[0; 4], properties.as_slice()].concat());
    let start = part(b"ftyp", b"avif\0\0\0\0avifmif1");
    [start, index, part(b"mdat", b"pixels")].concat()
}

/// A PNG of this many bytes.
pub(crate) fn padded(picture: &[u8], length: usize) -> Vec<u8> {
    const END: usize = 12;
    let (whole, end) = picture.split_at(picture.len() - END);
    let pixels = vec![0; length - picture.len() - END];
    [whole, &chunk(b"IDAT", &pixels), end].concat()
}

pub(crate) const BOUNDARY: &str = "a-boundary-that-no-file-holds";

/// A form as it goes over the wire: names of parts, names of files, content.
pub(crate) fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut form = Vec::new();
    for (name, file_name, content) in parts {
        let file_name = file_name.map(|name| format!("; filename=\"{name}\""));
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{}\r\n\r\n",
            file_name.unwrap_or_default()
        );
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    form
}

pub(crate) const CREATE: &str = "mutation($input: CreateAssetInput!) { createAsset(input: $input) {
    asset { id revision fileName mediaType bytes width height sha256 url alternativeText }
    userErrors { code path message }
} }";

pub(crate) const REPLACE: &str =
    "mutation($input: ReplaceAssetInput!) { replaceAsset(input: $input) {
    asset { id revision fileName mediaType bytes width height sha256 url alternativeText }
    userErrors { code path message ... on ConflictError { fields { path } } }
} }";

/// A form with one file, for `input.file`.
pub(crate) fn one_file(query: &str, mut input: Value, file_name: &str, file: &[u8]) -> Vec<u8> {
    input["file"] = Value::Null;
    let operations = json!({"query": query, "variables": {"input": input}}).to_string();
    form(&[
        ("operations", None, operations.as_bytes()),
        ("map", None, br#"{"0": ["variables.input.file"]}"#),
        ("0", Some(file_name), file),
    ])
}

impl Server {
    /// The head of a request with a form of this length.
    pub(crate) fn head_of_form(&self, headers: &[(&str, &str)], length: usize) -> String {
        let lines = headers
            .iter()
            .map(|(name, value)| [name, ": ", value, "\r\n"].concat());
        let headers = lines.collect::<String>();
        format!(
            "POST /graphql HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {length}\r\n{headers}\r\n",
            self.address
        )
    }

    /// The answer to a form.
    pub(crate) async fn send_form(&self, headers: &[(&str, &str)], form: &[u8]) -> Answer {
        let head = self.head_of_form(headers, form.len());
        self.send(&[head.as_bytes(), form].concat()).await
    }
}

impl TestApp {
    /// The answer to a mutation whose input has a file, as a form would bring it.
    pub(crate) async fn send_file(
        &self,
        who: &Principal,
        query: &str,
        input: Value,
        file: &[u8],
    ) -> Value {
        let mut uploads = Uploads::new(&self.app);
        let upload = uploads.expect();
        let place = uploads.receive(&Principal::System, "new.jpg");
        let mut receiving = place.expect("a place for the file");
        for piece in file.chunks(10) {
            let piece = Bytes::copy_from_slice(piece);
            receiving.add(piece).await.expect("a piece");
        }
        uploads.take(upload, receiving).await.expect("a file");
        let mut variables = Variables::from_json(json!({ "input": input }));
        if let Some(Sent::Object(input)) = variables.get_mut("input") {
            input.insert(Name::new("file"), upload.to_value());
        }
        let uploads = Arc::new(uploads);
        Box::pin(self.admit(who)).await;
        let mut sender = Sender::new(who.clone());
        sender.uploads = Some(Arc::clone(&uploads));
        let answer = answer(&self.delivery, query, variables, sender).await;
        let uploads = Arc::into_inner(uploads).expect("nobody else");
        uploads.settle().await;
        answer
    }
}
