//! A request that owns its parts, and how the tests sign and verify it.

use strongroom_sigv4::{
    Credential, Moment, Request, Rules, SigningKey, Verified, parse, sign_headers,
};

pub(crate) const SECRET: &[u8] = b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const NOW: i64 = 1_440_938_160;

/// A request that owns its parts.
#[derive(Clone, Debug)]
pub(crate) struct Owned {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Owned {
    pub(crate) fn with<T>(&self, use_it: impl FnOnce(&Request<'_>) -> T) -> T {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        use_it(&Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            body: &self.body,
        })
    }

    pub(crate) fn verify(
        &self,
        rules: &Rules<'_>,
    ) -> Result<Verified, strongroom_sigv4::SignatureError> {
        self.with(|request| {
            let presented = parse(request)?;
            let scope = presented.scope();
            let secret =
                if presented.access_key_id() == "AKIDEXAMPLE" { SECRET } else { b"nobody's" };
            let key = SigningKey::derive(secret, scope.date(), scope.region(), scope.service());
            presented.verify(request, &key, rules)
        })
    }

    pub(crate) fn sign(&mut self, token: Option<&str>) {
        let credential =
            Credential { access_key_id: "AKIDEXAMPLE", secret: SECRET, session_token: token };
        let added = self.with(|request| sign_headers(request, &credential, &moment()));
        self.headers.extend(added.into_iter().map(|(name, value)| (name, value.into_bytes())));
    }
}

pub(crate) fn moment() -> Moment<'static> {
    Moment { now: NOW, region: "us-east-1", service: "secretsmanager" }
}

pub(crate) fn rules() -> Rules<'static> {
    Rules::new("secretsmanager", NOW, 300)
}

/// What an SDK sends.
pub(crate) fn get_secret_value() -> Owned {
    let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    Owned {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        headers: vec![
            header("content-type", "application/x-amz-json-1.1"),
            header("host", "127.0.0.1:8700"),
            header("x-amz-target", "secretsmanager.GetSecretValue"),
        ],
        body: br#"{"SecretId":"prod/myapp/mysql"}"#.to_vec(),
    }
}
