//! Mutations of signed requests: none may verify. Each mutation changes what the request means, by construction.

use crate::harness::{Owned, SECRET, get_secret_value, moment, rules};
use strongroom_sigv4::{Credential, presign};

/// A small generator: the same sequence every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides.max(1)
    }

    /// Another letter or digit in place of the one at a random place.
    fn spoil(&mut self, text: &mut Vec<u8>) {
        if text.is_empty() {
            return text.push(b'x');
        }
        let place = self.roll(text.len());
        let old = text[place];
        text[place] = if old.is_ascii_digit() {
            b'a' + (old - b'0')
        } else if old == b'7' {
            b'8'
        } else {
            b'7'
        };
    }
}

fn mutate(request: &mut Owned, dice: &mut Dice) -> &'static str {
    let header = |request: &Owned, dice: &mut Dice| dice.roll(request.headers.len());
    match dice.roll(12) {
        0 => {
            request.method = ["GET", "PUT", "post", "POSTS"][dice.roll(4)].to_owned();
            "method"
        }
        1 => {
            request.path = ["//x", "/a", "/%2e", "/?", "/secret"][dice.roll(5)].to_owned();
            "path"
        }
        2 => {
            let separator = if request.query.is_empty() { "" } else { "&" };
            request.query = format!("{}{separator}Added={}", request.query, dice.roll(1000));
            "query"
        }
        3 => {
            dice.spoil(&mut request.body);
            "body byte"
        }
        4 => {
            request.body.push(b' ');
            "body longer"
        }
        5 => {
            let place = header(request, dice);
            dice.spoil(&mut request.headers[place].1);
            "header value"
        }
        6 => {
            let place = header(request, dice);
            request.headers.remove(place);
            "header gone"
        }
        7 => {
            let place = header(request, dice);
            let copy = request.headers[place].clone();
            request.headers.push(copy);
            "header twice"
        }
        8 => {
            request.headers.push((format!("x-amz-added-{}", dice.roll(100)), b"1".to_vec()));
            "unsigned header"
        }
        9 => {
            let place = header(request, dice);
            request.headers[place].1.extend_from_slice(b"0");
            "header longer"
        }
        10 => {
            let credential =
                Credential { access_key_id: "AKIDEXAMPLE", secret: b"other", session_token: None };
            request.query = request.with(|request| presign(request, &credential, &moment(), 60));
            "query credentials added"
        }
        _ => {
            request
                .headers
                .push(("authorization".to_owned(), b"AWS4-HMAC-SHA256 Credential=x".to_vec()));
            "authorization added"
        }
    }
}

#[test]
fn ten_thousand_mutations_of_a_signed_request_are_all_refused() {
    let mut dice = Dice(2026);
    let mut seen = std::collections::BTreeMap::new();
    for round in 0..10_000 {
        let mut request = get_secret_value();
        if round % 2 == 0 {
            request.sign(if round % 4 == 0 { Some("token") } else { None });
        } else {
            request.headers.truncate(2);
            let credential =
                Credential { access_key_id: "AKIDEXAMPLE", secret: SECRET, session_token: None };
            request.query = request.with(|request| presign(request, &credential, &moment(), 60));
            // A presigned request signs the host alone; whatever else is changed of its headers is not what it says.
            request.headers.retain(|(name, _)| name == "host");
        }
        assert!(request.verify(&rules()).is_ok(), "round {round}");
        let what = mutate(&mut request, &mut dice);
        assert!(
            request.verify(&rules()).is_err(),
            "round {round}: {what} {:?} {}",
            request.headers,
            request.query
        );
        *seen.entry(what).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 12, "{seen:?}");
}
