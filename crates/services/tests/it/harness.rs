//! A whole server in one process: in-memory store, real keys, a real audit log in a directory of its own, a clock that
//! tests move. Requests are signed and go in at the front door; answers and audit events come back.
//!
//! Whoever signs is a value ([`Key`]), so that a test may have as many callers and accounts as it likes.

use crate::environment::{FakeClock, SeededEntropy};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use strongroom_audit::{AuditLog, Reader};
use strongroom_keys::seal::KeyFile;
use strongroom_keys::{StorageKeys, Unsealed};
use strongroom_services::accounts::{self, NewAccount};
use strongroom_services::background::{finish, tick};
use strongroom_services::bootstrap::{Preset, keep_sealing, note_told, root_credential, sealing};
use strongroom_services::event::cloudtrail;
use strongroom_services::forward::forward;
use strongroom_services::front::{Incoming, prepare};
use strongroom_services::house::{Env, Home, House, Settings};
use strongroom_services::operation::Service;
use strongroom_services::records::Records;
use strongroom_services::{SERVICES, metrics};
use strongroom_sigv4::{Credential, Moment, Request, sign_headers};
use strongroom_store::memory::MemoryStore;
use strongroom_store::{
    Batch, Change, Direction, Expect, Index, Kind, PageQuery, Store, Term, Write,
};
use strongroom_types::{AccountId, Clock, Region, Timestamp};
use tempfile::TempDir;

/// 2026-09-21T14:13:20.123Z, a Monday: neither midnight nor a whole second.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_790_000_000_123);
/// The region that calls go to unless they say otherwise.
pub(crate) const HOME: &str = "us-east-1";
/// The first account.
pub(crate) const ACCOUNT: &str = "111111111111";
/// How requests describe their client.
pub(crate) const USER_AGENT: &str = "strongroom-tests/1";
/// Where requests come from: TEST-NET-1.
pub(crate) const SOURCE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);

/// A credential to sign with.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) session_token: Option<String>,
}

/// What is asked for, by nobody yet.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) service: &'static Service,
    pub(crate) operation: String,
    pub(crate) region: String,
    pub(crate) body: Vec<u8>,
}

impl Call {
    /// An operation with its members, in whatever protocol its service speaks.
    pub(crate) fn of(service: &str, operation: &str, members: &Value) -> Self {
        let service = SERVICES.iter().copied().find(|known| known.name == service).unwrap();
        let body = match service.xml_namespace {
            None => members.to_string(),
            Some(namespace) => form(namespace, operation, members),
        };
        Self {
            service,
            operation: operation.to_owned(),
            region: HOME.to_owned(),
            body: body.into_bytes(),
        }
    }

    /// An operation of Secrets Manager.
    #[expect(clippy::needless_pass_by_value, reason = "members are written in the call")]
    pub(crate) fn to(operation: &str, members: Value) -> Self {
        Self::of("secretsmanager", operation, &members)
    }

    pub(crate) fn in_region(self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self }
    }

    /// The call with these very bytes as its body.
    pub(crate) fn with_body(self, body: &str) -> Self {
        Self { body: body.as_bytes().to_vec(), ..self }
    }

    pub(crate) fn unsigned(&self) -> Wire {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut headers =
            vec![header("host", "strongroom.test:8700"), header("user-agent", USER_AGENT)];
        match self.service.target_prefix {
            Some(prefix) => {
                headers.push(header("content-type", "application/x-amz-json-1.1"));
                headers.push(header("x-amz-target", &format!("{prefix}{}", self.operation)));
            }
            None => headers
                .push(header("content-type", "application/x-www-form-urlencoded; charset=utf-8")),
        }
        Wire { headers, body: self.body.clone() }
    }

    pub(crate) fn signed(&self, key: &Key, at: Timestamp) -> Wire {
        let mut wire = self.unsigned();
        let headers = wire.raw_headers();
        let request =
            Request { method: "POST", path: "/", query: "", headers: &headers, body: &wire.body };
        let credential = Credential {
            access_key_id: &key.id,
            secret: key.secret.as_bytes(),
            session_token: key.session_token.as_deref(),
        };
        let moment = Moment { now: at.as_secs(), region: &self.region, service: self.service.name };
        let added = sign_headers(&request, &credential, &moment);
        wire.headers.extend(added);
        wire
    }
}

/// AWS's query protocol, as its clients write it: lists as `Name.member.N`.
fn form(namespace: &str, operation: &str, members: &Value) -> String {
    let version = namespace.trim_end_matches('/').rsplit('/').next().unwrap();
    let mut pairs = vec![format!("Action={operation}"), format!("Version={version}")];
    flatten("", members, &mut pairs);
    pairs.join("&")
}

fn flatten(name: &str, value: &Value, pairs: &mut Vec<String>) {
    let below =
        |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(part, value)| flatten(&below(part), value, pairs));
        }
        Value::Array(entries) => (1..).zip(entries).for_each(|(place, value): (u32, _)| {
            flatten(&below(&format!("member.{place}")), value, pairs);
        }),
        Value::String(text) => pairs.push(format!("{name}={}", encoded(text))),
        other => pairs.push(format!("{name}={other}")),
    }
}

fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// A request as it goes over the wire. Tests may change it after it was signed.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Wire {
    fn raw_headers(&self) -> Vec<(&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) request_id: String,
    pub(crate) error_type: Option<&'static str>,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The error's code; `None` for an answer that is no error.
    pub(crate) fn code(&self) -> Option<String> {
        if self.status == 200 {
            return None;
        }
        Some(self.member("__type", "Code").unwrap_or_else(|| panic!("no code: {}", self.body)))
    }

    /// The error's message; empty if it has none.
    pub(crate) fn message(&self) -> String {
        let message = self.member("Message", "Message");
        message.or_else(|| self.member("message", "Message")).unwrap_or_default()
    }

    fn member(&self, json: &str, xml: &str) -> Option<String> {
        if self.content_type == "text/xml" { self.element(xml) } else { self.text(json) }
    }

    fn text(&self, member: &str) -> Option<String> {
        self.json().get(member)?.as_str().map(str::to_owned)
    }

    /// The text of the first XML element of that name.
    pub(crate) fn element(&self, name: &str) -> Option<String> {
        let (_, rest) = self.body.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| text.to_owned())
    }

    /// Everything that the caller sees but what is new in each answer.
    pub(crate) fn without_id(&self) -> (u16, Option<&'static str>, &'static str, String) {
        let body = self.body.replace(&self.request_id, "ID");
        (self.status, self.error_type, self.content_type, body)
    }
}

/// What outlives the process.
struct Ground {
    clock: FakeClock,
    entropy: SeededEntropy,
    store: Arc<dyn Store>,
    directory: TempDir,
}

impl Ground {
    fn audit(&self) -> PathBuf {
        self.directory.path().join("audit")
    }
}

/// The server.
pub(crate) struct Building {
    ground: Ground,
    pub(crate) house: House,
    /// The root credential of the first account.
    pub(crate) root: Key,
    forwarded: AtomicU64,
}

impl Building {
    pub(crate) async fn new() -> Self {
        Self::over(Arc::new(MemoryStore::new())).await
    }

    pub(crate) async fn over(store: Arc<dyn Store>) -> Self {
        let entropy = SeededEntropy::from_seed(1);
        let ground = Ground {
            clock: FakeClock::at(START),
            store,
            entropy,
            directory: tempfile::tempdir().unwrap(),
        };
        Self::open(ground, None).await
    }

    async fn open(ground: Ground, known: Option<Key>) -> Self {
        let stored = sealing(&*ground.store).await.unwrap().map(|stored| stored.sealing);
        let seal = KeyFile::new(&ground.directory.path().join("root.key"));
        let Unsealed { keys, to_store } =
            StorageKeys::unseal(&seal, stored.as_ref(), &ground.entropy, START).unwrap();
        if let Some(sealing) = to_store {
            keep_sealing(&*ground.store, sealing).await.unwrap();
        }
        let settings = Settings::default();
        let records = Records::new(Arc::clone(&ground.store), keys, settings.cache_bytes);
        let options = strongroom_audit::Options {
            first_segment_bytes: 64 * 1024,
            ..strongroom_audit::Options::default()
        };
        let (audit, recovered) = AuditLog::open(&ground.audit(), options).unwrap();
        let preset =
            Preset { account: Some(AccountId::parse(ACCOUNT).unwrap()), ..Preset::default() };
        let now = ground.clock.now();
        let first = root_credential(&records, &ground.entropy, now, preset).await.unwrap();
        note_told(&records, &ground.entropy).await.unwrap();
        let root = known.unwrap_or_else(|| Key {
            id: first.access_key_id.clone(),
            secret: first.new_secret.unwrap().to_string(),
            session_token: None,
        });
        assert_eq!((first.account.as_str(), &first.access_key_id), (ACCOUNT, &root.id));
        let env = Env {
            clock: Box::new(ground.clock.clone()),
            entropy: Box::new(ground.entropy.clone()),
            issuers: None,
        };
        let home = Home {
            account: first.account.clone(),
            region: Region::parse(HOME).unwrap(),
            organization_id: first.organization_id.clone(),
        };
        let house = House::new(env, settings, home, records, Arc::new(audit));
        Self { ground, house, root, forwarded: AtomicU64::new(recovered.outbox_through) }
    }

    /// As after a crash: all that was in memory only is gone.
    pub(crate) async fn crash_and_start(self) -> Self {
        let Self { ground, house, root, .. } = self;
        drop(house);
        Self::open(ground, Some(root)).await
    }

    /// As after an orderly stop.
    pub(crate) async fn stop_and_start(self) -> Self {
        finish(&self.house).await;
        self.crash_and_start().await
    }

    pub(crate) fn clock(&self) -> &FakeClock {
        &self.ground.clock
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ground.clock.now()
    }

    /// Another account, with an access key of its root.
    pub(crate) async fn open_account(&self, account: &str) -> Key {
        let (records, entropy) = (&self.house.records, &self.ground.entropy);
        let id = AccountId::parse(account).unwrap();
        let new = NewAccount { id: Some(id), name: "other".to_owned(), root_key: None };
        let made = accounts::make(records, entropy, self.now(), new).unwrap();
        records.commit(Batch { writes: made.writes, events: Vec::new() }).await.unwrap();
        Key { id: made.access_key_id, secret: made.secret.to_string(), session_token: None }
    }

    /// Takes a request in at the front door.
    pub(crate) async fn deliver(&self, wire: &Wire) -> Reply {
        let headers = wire.raw_headers();
        let incoming = Incoming {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
            body: &wire.body,
            source_ip: SOURCE.into(),
            tls: None,
        };
        let answer = prepare(&self.house, incoming).await.told(&self.house).await;
        Reply {
            status: answer.status,
            request_id: answer.request_id.to_string(),
            error_type: answer.error_type,
            content_type: answer.rendered.content_type,
            body: String::from_utf8(answer.rendered.body.to_vec()).unwrap(),
        }
    }

    /// Signs now and sends.
    pub(crate) async fn send(&self, key: &Key, call: &Call) -> Reply {
        self.deliver(&call.signed(key, self.now())).await
    }

    /// What the first account's root is answered by Secrets Manager, which must be no error.
    pub(crate) async fn ask(&self, call: Call) -> Value {
        let reply = self.send(&self.root, &call).await;
        assert_eq!(reply.status, 200, "{}: {}", call.operation, reply.body);
        reply.json()
    }

    /// With which code the first account's root is refused.
    pub(crate) async fn refusal(&self, call: Call) -> String {
        let reply = self.send(&self.root, &call).await;
        reply.code().unwrap_or_else(|| panic!("{} succeeded: {}", call.operation, reply.body))
    }

    /// One round of background work. Whether there is more to do at once.
    pub(crate) async fn tick(&self) -> bool {
        tick(&self.house).await.wake_in < Duration::from_secs(1)
    }

    /// Background work until nothing is left to do at once.
    pub(crate) async fn settle(&self) {
        for _ in 0..100 {
            if !self.tick().await {
                return;
            }
        }
        panic!("background work does not come to an end");
    }

    /// Every audit event so far, oldest first.
    pub(crate) async fn events(&self) -> Vec<Value> {
        let after = self.forwarded.load(Ordering::SeqCst);
        let through = forward(&self.house, after).await.unwrap();
        self.forwarded.store(through, Ordering::SeqCst);
        let mut reader = Reader::from(&self.ground.audit(), 1).unwrap();
        let events = std::iter::from_fn(|| reader.next_event().unwrap());
        let line = |event: strongroom_audit::Event| cloudtrail::line(&event.bytes).unwrap();
        events.map(|event| serde_json::from_str(&line(event)).unwrap()).collect()
    }

    /// The audit events of one request.
    pub(crate) async fn events_of(&self, reply: &Reply) -> Vec<Value> {
        let mut events = self.events().await;
        events.retain(|event| event["requestID"] == reply.request_id.as_str());
        events
    }

    /// The audit log's files as they are on disk, whatever they hold.
    pub(crate) async fn log_bytes(&self) -> Vec<u8> {
        self.events().await;
        let files = std::fs::read_dir(self.ground.audit()).unwrap();
        let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        paths.sort();
        paths.into_iter().flat_map(|path| std::fs::read(path).unwrap()).collect()
    }

    /// All that is stored, as text: equal if and only if nothing was written in between.
    pub(crate) fn stored(&self) -> String {
        format!("{:?}", self.ground.store)
    }

    /// Keys of an index's entries. Its number is part of the format on disk.
    pub(crate) async fn indexed(&self, index: u16) -> Vec<Vec<u8>> {
        let query = PageQuery {
            index: Index { id: index, name: "of the test" },
            prefix: &[],
            after: None,
            limit: u32::MAX,
            direction: Direction::Ascending,
        };
        let entries = self.ground.store.page(query).await.unwrap();
        entries.into_iter().map(|entry| entry.key).collect()
    }

    /// Whether there is a record. Numbers of kinds are part of the format on disk.
    pub(crate) async fn holds(&self, kind: u16, key: &[u8]) -> bool {
        let kind = Kind { id: kind, name: "of the test" };
        self.ground.store.get(kind, key).await.unwrap().is_some()
    }

    /// Damages the records of a kind whose key is taken, and leaves their entries in these indexes. Those that are in
    /// memory are read again after a new start only.
    pub(crate) async fn damage(
        &self,
        kind: u16,
        indexes: &[u16],
        is_taken: impl Fn(&[u8]) -> bool,
    ) -> usize {
        let mut terms = BTreeMap::<Vec<u8>, Vec<Term>>::new();
        for id in indexes {
            let index = Index { id: *id, name: "of the test" };
            let query = PageQuery {
                index,
                prefix: &[],
                after: None,
                limit: u32::MAX,
                direction: Direction::Ascending,
            };
            for entry in self.ground.store.page(query).await.unwrap() {
                terms.entry(entry.key).or_default().push(Term { index, term: entry.term });
            }
        }
        terms.retain(|key, _| is_taken(key));
        let count = terms.len();
        let kind = Kind { id: kind, name: "of the test" };
        let damage = |(key, terms)| Write {
            kind,
            key,
            expect: Expect::Any,
            change: Change::Put { bytes: b"damaged".to_vec(), terms },
        };
        let writes = terms.into_iter().map(damage).collect();
        self.ground.store.commit(Batch { writes, events: Vec::new() }).await.unwrap();
        count
    }

    pub(crate) fn metrics(&self) -> String {
        metrics::Metrics::render(&self.house.metrics)
    }
}
