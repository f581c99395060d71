//! The path of a request, once its service, operation and caller are known.
//!
//! One generic function, [`handle`], takes every operation of every service through the same steps:
//! parse, load, authorise, run, commit with the audit event (or append it, for reads and refusals), answer.

use crate::authz::{Grant, Resource, admit};
use crate::conditions::{Asked, Values};
use crate::error::{ApiError, ErrorCode};
use crate::event::Event;
use crate::house::House;
use crate::identity::VerifiedCaller;
use serde::{Serialize, de::DeserializeOwned};
use std::borrow::Cow;
use std::future::Future;
use std::net::IpAddr;
use strongroom_audit::Append;
use strongroom_store::{Batch, StoreError, Write};
use strongroom_types::{AccountId, Entropy, Region, Timestamp};
use strongroom_wire::{Protocol, Rendered, render_answer};

/// A service: all that its operations have in common.
#[derive(Debug)]
pub struct Service {
    /// The signing name, which is also the prefix of its IAM actions.
    pub name: &'static str,
    /// CloudTrail's `eventSource`.
    pub event_source: &'static str,
    /// What stands before the operation's name in `X-Amz-Target`; `None` if the service does not speak AWS JSON.
    pub target_prefix: Option<&'static str>,
    /// Namespace of its XML answers; `None` if the service does not speak the query protocol.
    pub xml_namespace: Option<&'static str>,
    /// Whether its refusals carry the reason encoded, for `DecodeAuthorizationMessage`. AWS: EC2 does.
    pub encodes_refusals: bool,
    /// Its operations.
    pub operations: &'static [Entry],
}

/// Whether an operation changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It does not, and gives out credentials. CloudTrail counts AssumeRole and its relatives as reading, and tells their
    /// answers all the same.
    Issue,
    /// It does not.
    Read,
    /// It may.
    Write,
}

impl Effect {
    /// CloudTrail's `readOnly`.
    pub fn is_read_only(self) -> bool {
        match self {
            Self::Issue | Self::Read => true,
            Self::Write => false,
        }
    }

    /// Whether the audit event tells the answer: CloudTrail's `responseElements`.
    pub fn tells_answer(self) -> bool {
        match self {
            Self::Issue | Self::Write => true,
            Self::Read => false,
        }
    }
}

/// What is known of an operation before any request: routing, policies, audit, metrics and documentation follow from it.
#[derive(Debug)]
pub struct Spec {
    /// Signing name of its service.
    pub service: &'static str,
    /// AWS's name of the operation.
    pub name: &'static str,
    /// Whether it changes anything.
    pub effect: Effect,
    /// One sentence for the reference page.
    pub summary: &'static str,
}

impl Spec {
    /// The IAM action.
    pub fn action(&self) -> String {
        [self.service, ":", self.name].concat()
    }
}

/// What an operation did.
#[derive(Debug)]
pub struct Done<T> {
    /// The answer.
    pub output: T,
    /// The records to change, committed together with the audit event. None: nothing changes.
    pub writes: Vec<Write>,
}

impl<T> Done<T> {
    /// An answer that changes nothing.
    pub fn read(output: T) -> Self {
        Self { output, writes: Vec::new() }
    }

    /// An answer that holds once the records are changed.
    pub fn change(output: T, writes: Vec<Write>) -> Self {
        Self { output, writes }
    }
}

/// What a caller needs before an operation is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A signature, and policies that allow the action.
    ByPolicy,
    /// Not even a signature: the operation proves for itself who asks.
    Open,
    /// A signature. AWS: no permission is needed, and no policy can deny it.
    Signed,
}

/// An AWS operation. The value is the valid request: [`Operation::parse`] is the only way to one.
pub trait Operation: Sized + Send + Sync + 'static {
    /// What is known of it before any request.
    const SPEC: Spec;
    /// The request on the wire. Serialised again, without its sensitive members, as the event's `requestParameters`.
    type Input: DeserializeOwned + Serialize + Send;
    /// The answer on the wire.
    type Output: Serialize + Send;
    /// What it acts on.
    type Resource: Resource + Send;

    /// What a caller needs.
    const ACCESS: Access = Access::ByPolicy;

    /// The action that it needs on its resource, where that is not named after the operation.
    const ACTION: Option<&'static str> = None;

    /// Actions that this very request needs on the same resource besides its own: `secretsmanager:TagResource` to
    /// create with tags.
    fn further_actions(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Condition keys that the request has. Asked for in lower case; a key that every request has never gets here.
    fn condition(&self, _key: &str) -> Values<'_> {
        None
    }

    /// Checks the form of the request, in AWS's order. Needs no stored state.
    fn parse(input: Self::Input) -> Result<Self, ApiError>;

    /// Reads what the request is about. Must not reveal whether it exists: that is said by [`Operation::run`].
    fn load(&self, cx: &Cx<'_>) -> impl Future<Output = Result<Self::Resource, ApiError>> + Send;

    /// Writes the answer as JSON. Another way than serde's must write the same, and be worth it.
    fn write_json(output: &Self::Output, body: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(body, output)
    }

    /// What of the answer the audit event tells: all of it, unless it holds a credential.
    fn recorded(output: &Self::Output) -> impl Serialize {
        output
    }

    /// Decides what to answer and what to change. Called again from [`Operation::load`] on when a record changed meanwhile.
    fn run(
        &self,
        cx: &Cx<'_>,
        grant: Grant<Self::Resource>,
    ) -> impl Future<Output = Result<Done<Self::Output>, ApiError>> + Send;
}

/// How a request reached us.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The protocol it speaks.
    pub protocol: Protocol,
    /// `x-amzn-RequestId`.
    pub request_id: &'a str,
    /// The audit event's id.
    pub event_id: &'a str,
    /// The peer's address, from the socket.
    pub source_ip: IpAddr,
    /// `User-Agent`, as sent.
    pub user_agent: &'a str,
    /// `Referer`, as sent.
    pub referer: Option<&'a str>,
    /// `Host`, as sent.
    pub host: &'a str,
    /// Protocol version and cipher suite, if the connection is encrypted.
    pub tls: Option<Tls<'a>>,
}

/// What TLS agreed on.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tls<'a> {
    /// `TLSv1.3` or `TLSv1.2`.
    pub tls_version: &'a str,
    /// IANA's name of the cipher suite.
    pub cipher_suite: &'a str,
}

/// All that one request may use.
#[derive(Debug)]
pub struct Cx<'a> {
    /// The server's state.
    pub house: &'a House,
    /// Who asks.
    pub caller: &'a VerifiedCaller,
    /// When. Read once.
    pub now: Timestamp,
    /// How the request reached us.
    pub facts: Facts<'a>,
}

impl Cx<'_> {
    /// The caller's account.
    pub fn account(&self) -> &AccountId {
        self.caller.account()
    }

    /// The region the request belongs to.
    pub fn region(&self) -> &Region {
        self.caller.region()
    }

    /// Randomness.
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.house.env.entropy
    }
}

/// A request's members, in the form its protocol left them.
#[derive(Debug)]
pub enum Body<'a> {
    /// A JSON object.
    Json(&'a [u8]),
    /// A tree of strings out of a form.
    Form(serde_json::Value),
}

/// Reads again and retries so often when somebody else changed the record first.
const CONFLICT_RETRIES_MAX: usize = 32;

/// How an operation ended, which nobody may be told before its event is durable.
///
/// Nothing of the request is held meanwhile: while one event is synced, the next requests find their memory in the
/// processor's cache.
#[must_use = "the caller waits for its answer"]
#[expect(missing_debug_implementations, reason = "the answer may hold a secret's value")]
pub struct Untold {
    outcome: Result<Rendered, ApiError>,
    event: EventState,
}

enum EventState {
    /// On its way to the disk.
    Appended(Append),
    /// Committed with the change it tells of, or there is none.
    Settled,
}

impl Untold {
    /// A refusal without an event: the request never got as far as an operation.
    pub fn without_event(error: ApiError) -> Self {
        Self { outcome: Err(error), event: EventState::Settled }
    }

    fn committed(outcome: Result<Rendered, ApiError>) -> Self {
        Self { outcome, event: EventState::Settled }
    }

    fn recorded(cx: &Cx<'_>, event: &Event<'_>, outcome: Result<Rendered, ApiError>) -> Self {
        match cx.house.append_event(event) {
            Ok(append) => Self { outcome, event: EventState::Appended(append) },
            Err(error) => Self::without_event(error),
        }
    }

    /// What may be told, once it may be.
    pub async fn told(self) -> Result<Rendered, ApiError> {
        if let EventState::Appended(append) = self.event {
            append.await.map_err(ApiError::internal)?;
        }
        self.outcome
    }
}

/// Takes an operation from its body to its answer. Every outcome leaves an audit event before it is told.
pub async fn handle<O: Operation>(cx: &Cx<'_>, service: &Service, body: Body<'_>) -> Untold {
    let mut event = Event::new(cx, service, &O::SPEC);
    let namespace = service.xml_namespace.unwrap_or_default();
    let render = |output: &O::Output| {
        let Facts { protocol, request_id, .. } = cx.facts;
        render_answer(protocol, O::SPEC.name, namespace, request_id, output, O::write_json)
            .map_err(ApiError::internal)
    };
    match attempt::<O>(cx, body, &mut event).await {
        Ok(Ended::Committed(output)) => Untold::committed(render(&output)),
        Ok(Ended::Read(output)) => Untold::recorded(cx, &event, render(&output)),
        Err(error) => {
            event.refuse(&error, cx.facts.protocol);
            Untold::recorded(cx, &event, Err(error))
        }
    }
}

/// The condition keys of an operation's request.
struct AskedBy<'a, O>(&'a O);

impl<O: Operation> Asked for AskedBy<'_, O> {
    fn condition(&self, key: &str) -> Values<'_> {
        self.0.condition(key)
    }
}

enum Ended<T> {
    /// Nothing changed; the event is still to be written.
    Read(T),
    /// The change and its event are durable.
    Committed(T),
}

async fn attempt<'a, O: Operation>(
    cx: &'a Cx<'_>,
    body: Body<'_>,
    event: &mut Event<'a>,
) -> Result<Ended<O::Output>, ApiError> {
    let input = decode::<O::Input>(body)?;
    event.parameters(&input)?;
    let operation = O::parse(input)?;
    let further = operation.further_actions();
    let mut turn = None;
    for _ in 0..CONFLICT_RETRIES_MAX {
        let resource = operation.load(cx).await?;
        event.resource(cx, &resource);
        let actions = (&O::SPEC, O::ACTION, &*further);
        let grant = admit(cx, O::ACCESS, actions, &AskedBy(&operation), resource).await?;
        let Done { output, writes } = operation.run(cx, grant).await?;
        if O::SPEC.effect.tells_answer() {
            event.response(&O::recorded(&output))?;
        }
        if writes.is_empty() {
            return Ok(Ended::Read(output));
        }
        let batch = Batch { writes, events: vec![event.encode()?] };
        match cx.house.commit(batch).await {
            Ok(_) => return Ok(Ended::Committed(output)),
            Err(StoreError::Conflict { .. }) if turn.is_none() => {
                turn = cx.house.turns.wait_for(event.resource_arn()).await;
            }
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ApiError::internal("a record kept changing under the request"))
}

fn decode<T: DeserializeOwned>(body: Body<'_>) -> Result<T, ApiError> {
    let decoded = match body {
        Body::Json(bytes) => strongroom_wire::decode(bytes),
        Body::Form(tree) => strongroom_wire::decode_form(&tree),
    };
    decoded.map_err(|error| {
        ApiError::new(ErrorCode::Serialization, Cow::Owned(error.message().to_owned()))
    })
}

/// A boxed answer, so that operations of every type stand in one table.
pub type Handling<'a> = std::pin::Pin<Box<dyn Future<Output = Untold> + Send + 'a>>;

/// One row of the table of operations.
#[derive(Debug)]
pub struct Entry {
    /// What is known of the operation.
    pub spec: &'static Spec,
    /// What a caller needs.
    pub access: Access,
    /// [`handle`] for it.
    pub handle: for<'a> fn(&'a Cx<'a>, &'a Service, Body<'a>) -> Handling<'a>,
}

/// Declares a service's operations: the modules, and the table that everything else follows from. Adding an operation
/// is one file and one line here.
macro_rules! operations {
    ($($module:ident::$operation:ident),* $(,)?) => {
        $(pub mod $module;)*

        /// The service's operations, in alphabetical order.
        pub static OPERATIONS: &[$crate::operation::Entry] = &[$(
            $crate::operation::Entry {
                spec: &<$module::$operation as $crate::operation::Operation>::SPEC,
                access: <$module::$operation as $crate::operation::Operation>::ACCESS,
                handle: |cx, service, body| {
                    Box::pin($crate::operation::handle::<$module::$operation>(cx, service, body))
                },
            },
        )*];
    };
}
pub(crate) use operations;
