//! What pictures say of those who took them is not kept, and their size is the one that browsers show.

use serde_json::{Value, json};

use super::Site;
use crate::support::pictures::{avif, chunk, gif, jpeg, part, png, webp};

const SECRET: &[u8] = b"51 degrees 30 minutes north, taken by nobody in particular";

/// Exif data with a secret, of a picture that must be turned to the right.
fn exif() -> Vec<u8> {
    let head = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    [head, SECRET].concat()
}

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).expect("a short segment");
    [&[0xFF, marker], &length.to_be_bytes()[..], content].concat()
}

fn after(picture: &[u8], at: usize, more: &[u8]) -> Vec<u8> {
    [&picture[..at], more, &picture[at..]].concat()
}

/// A chunk of `WebP` at the end.
fn with_chunk(picture: &[u8], name: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("a short chunk");
    let pad: &[u8] = if content.len().is_multiple_of(2) {
        b""
    } else {
        b"\0"
    };
    let mut whole = [picture, name, &length.to_le_bytes(), content, pad].concat();
    let size = u32::try_from(whole.len() - 8).expect("a short picture");
    whole[4..8].copy_from_slice(&size.to_le_bytes());
    whole
}

/// An AVIF whose index tells where its metadata lie: behind the index, and in it.
fn avif_with_metadata() -> Vec<u8> {
    let info =
        |id: u8, name: &[u8]| part(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], name, b"\0"].concat());
    let infos = [
        &[0, 0, 0, 0, 0, 3][..],
        &info(1, b"av01"),
        &info(2, b"Exif"),
        &info(3, b"mime"),
    ]
    .concat();
    let data = [&[0; 4][..], &exif()].concat();
    let index = |exif_at: u32| {
        let place = |id: u8, method: u8, at: u32, length: usize| {
            let length = u32::try_from(length).expect("a short item");
            [
                &[0, id, 0, method, 0, 0, 0, 1][..],
                &at.to_be_bytes(),
                &length.to_be_bytes(),
            ]
            .concat()
        };
        let places = [
            &[1, 0, 0, 0, 0x44, 0, 0, 3][..],
            &place(1, 0, exif_at - 6, 6),
            &place(2, 0, exif_at, data.len()),
            &place(3, 1, 0, SECRET.len()),
        ]
        .concat();
        let sides = [[0; 4], 40_u32.to_be_bytes(), 30_u32.to_be_bytes()].concat();
        let properties = part(b"iprp", &part(b"ipco", &part(b"ispe", &sides)));
        let parts = [
            &[0; 4][..],
            &part(b"iinf", &infos),
            &part(b"iloc", &places),
            &part(b"idat", SECRET),
            &properties,
        ]
        .concat();
        part(b"meta", &parts)
    };
    let start = part(b"ftyp", b"avif\0\0\0\0avifmif1");
    let between = part(b"uuid", SECRET);
    let exif_at = u32::try_from(start.len() + index(6).len() + between.len() + 8 + 6)
        .expect("a short picture");
    let pixels = part(b"mdat", &[b"pixels", data.as_slice()].concat());
    [start, index(exif_at), between, pixels].concat()
}

#[tokio::test]
async fn nothing_private_is_in_what_is_kept_and_what_is_shown_is() {
    let site = Site::start(&[]).await;
    let photoshop = segment(0xED, &[b"Photoshop 3.0\0", SECRET].concat());
    let in_jpeg = [
        segment(0xE1, &[b"Exif\0\0".as_slice(), &exif()].concat()),
        segment(0xE1, &[b"http://ns.adobe.com/xap/1.0/\0", SECRET].concat()),
        segment(0xE2, b"ICC_PROFILE\0\x01\x01colours"),
        segment(0xFE, SECRET),
        photoshop.repeat(20),
    ];
    let jpeg = [after(&jpeg(40, 30), 20, &in_jpeg.concat()), SECRET.to_vec()].concat();
    let large = after(&jpeg, 2, &segment(0xED, &vec![b'x'; 65_533]).repeat(20));
    let in_png = [
        chunk(b"iCCP", b"colours"),
        chunk(b"tEXt", SECRET),
        chunk(b"eXIf", &exif()),
        chunk(b"iTXt", SECRET),
    ]
    .concat();
    let png = [after(&png(40, 30), 33, &in_png), SECRET.to_vec()].concat();
    let in_gif = [
        b"!\xfe\x3a".as_slice(),
        SECRET,
        b"\0!\xff\x0bXMP DataXMP\x3a",
        SECRET,
        b"\0!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0",
    ]
    .concat();
    let gif = [after(&gif(40, 30), 13, &in_gif), SECRET.to_vec()].concat();
    let webp = with_chunk(
        &with_chunk(&webp(40, 30), b"EXIF", &exif()),
        b"XMP ",
        SECRET,
    );
    for (what, picture, turned, kept) in [
        ("JPEG", &jpeg, true, "ICC_PROFILE\0\x01\x01colours"),
        (
            "JPEG with much before its size",
            &large,
            true,
            "ICC_PROFILE",
        ),
        ("PNG", &png, true, "iCCPcolours"),
        ("GIF", &gif, false, "NETSCAPE2.0"),
        ("WebP", &webp, true, "VP8L"),
        ("AVIF", &avif_with_metadata(), false, "pixels"),
    ] {
        let payload = site.create("a", picture).await;
        let asset = &payload["asset"];
        let sides = if turned { (30, 40) } else { (40, 30) };
        assert_eq!(
            (&asset["width"], &asset["height"]),
            (&json!(sides.0), &json!(sides.1)),
            "{what}: {payload}"
        );
        let served = site
            .server
            .get(asset["url"].as_str().expect("an address"), &[])
            .await;
        assert_eq!(
            (served.status, &json!(served.body.len())),
            (200, &asset["bytes"]),
            "{what}"
        );
        let has = |part: &[u8]| served.body.windows(part.len()).any(|found| found == part);
        assert!(
            !has(&SECRET[..12]),
            "{what}: {:?}",
            String::from_utf8_lossy(&served.body)
        );
        assert!(
            has(kept.as_bytes()),
            "{what} without {kept}: {:?}",
            String::from_utf8_lossy(&served.body)
        );
        // What was cleaned is clean.
        let again = site.create("a", &served.body).await;
        assert_eq!(again["asset"]["sha256"], asset["sha256"], "{what}");
        assert_eq!(
            (&again["asset"]["width"], &again["asset"]["height"]),
            (&asset["width"], &asset["height"]),
            "{what}"
        );
    }
}

#[tokio::test]
async fn boxes_with_long_lengths_stay_whole_and_a_second_index_is_refused() {
    let site = Site::start(&[]).await;
    let small = avif(40, 30);
    let index_end = small.len() - part(b"mdat", b"pixels").len();
    let plain = [&small[..index_end], &part(b"mdat", &[b'p'; 64])].concat();
    let at = plain.len();
    let length = u64::try_from(SECRET.len() + 16).expect("a short box");
    let long = [b"\0\0\0\x01uuid".as_slice(), &length.to_be_bytes(), SECRET].concat();
    let payload = site.create("a", &after(&plain, at, &long)).await;
    let url = payload["asset"]["url"]
        .as_str()
        .unwrap_or_else(|| panic!("{payload}"));
    let served = site.server.get(url, &[]).await;
    let blanked = [
        b"\0\0\0\x01free".as_slice(),
        &length.to_be_bytes(),
        &[0; SECRET.len()],
    ]
    .concat();
    assert_eq!(served.body, after(&plain, at, &blanked));
    let twice = after(&plain, index_end, &plain[24..index_end]);
    let twice = site.create("a", &twice).await;
    assert_eq!(twice["asset"], Value::Null, "{twice}");
}

#[tokio::test]
async fn a_picture_that_is_cut_off_is_refused_wherever_that_is() {
    let site = Site::start(&[]).await;
    let before = site.files();
    for (what, picture) in [
        ("JPEG", jpeg(4, 3)),
        ("PNG", png(4, 3)),
        ("GIF", gif(4, 3)),
        ("WebP", webp(4, 3)),
        ("AVIF", avif(4, 3)),
    ] {
        for end in 0..picture.len() {
            let payload = site.create("a", &picture[..end]).await;
            assert_eq!(
                payload["asset"],
                Value::Null,
                "{what} until {end} of {}",
                picture.len()
            );
        }
        assert_eq!(site.files(), before, "{what}");
    }
    let mut wrong = png(4, 3);
    wrong[45] ^= 1;
    assert_eq!(
        site.create("a", &wrong).await["asset"],
        Value::Null,
        "a PNG whose pixels do not fit to their check sum"
    );
}
