//! CreateGrant: lets a principal use a key, besides what policies say.

use crate::authz::{Grant as Granted, OwnPolicy, Resource};
use crate::conditions::{Values, flag, one, some};
use crate::error::ApiError;
use crate::kms::arn::KeyName;
use crate::kms::grant::{ContextConstraint, Grant, Permission, grant_key};
use crate::kms::grant_count::GrantCount;
use crate::kms::grant_party::{Party, check_principal, check_service, no_service};
use crate::kms::grant_token::{self, verify_grant_tokens};
use crate::kms::grant_use::{find, is_granted};
use crate::kms::key::{KMS_KEY, Key};
use crate::kms::material::new_material_id;
use crate::kms::members::{check_grant_tokens, check_key_id, dry_run};
use crate::kms::target::{ContextPairs, KeyTarget};
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_keys::kms::{KeyKind, KeyUsage};
use strongroom_store::{Change, Expect, Write};
use strongroom_types::AccountId;
use strongroom_wire::{Constraints, Object};

/// The valid request.
#[derive(Debug)]
pub struct CreateGrant {
    key_id: String,
    grantee: String,
    retiring: Option<String>,
    permission: Permission,
    tokens: Vec<String>,
    name: Option<String>,
    is_dry: bool,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grantee_principal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retiring_principal: Option<String>,
    operations: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    constraints: Option<Object<ConstraintsInput>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_tokens: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grantee_service_principal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retiring_service_principal: Option<String>,
}

/// The member `Constraints`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct ConstraintsInput {
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_context_subset: Option<ContextPairs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_context_equals: Option<ContextPairs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_arn: Option<String>,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    grant_token: String,
    grant_id: String,
}

/// What the audit event tells of the answer: AWS's event has the id, not the token.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Recorded<'a> {
    grant_id: &'a str,
}

/// Model: `GrantOperation`.
const OPERATIONS: &[&str] = &[
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "Sign",
    "Verify",
    "GetPublicKey",
    "CreateGrant",
    "RetireGrant",
    "DescribeKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateMac",
    "VerifyMac",
    "DeriveSharedSecret",
    "Encapsulate",
    "Decapsulate",
];

/// KMS developer guide, "Grant operations": what grants may permit on keys of a sort.
fn operations_for(key: &Key) -> &'static [&'static str] {
    match (key.spec.kind(), key.usage) {
        (KeyKind::Symmetric, _) => &[
            "Decrypt",
            "Encrypt",
            "GenerateDataKey",
            "GenerateDataKeyWithoutPlaintext",
            "GenerateDataKeyPair",
            "GenerateDataKeyPairWithoutPlaintext",
            "ReEncryptFrom",
            "ReEncryptTo",
        ],
        (KeyKind::Mac(_), _) => &["GenerateMac", "VerifyMac"],
        (KeyKind::Pair(_), KeyUsage::EncryptDecrypt) => {
            &["Decrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo", "GetPublicKey"]
        }
        (KeyKind::Pair(_), KeyUsage::KeyAgreement) => &["DeriveSharedSecret", "GetPublicKey"],
        (KeyKind::Pair(_), _) => &["Sign", "Verify", "GetPublicKey"],
    }
}

/// Most pairs of a condition on the context. KMS API reference, `CreateGrant`.
const CONSTRAINT_PAIRS_MAX: usize = 8;
/// Longest condition on the context, keys and values together. The same.
const CONSTRAINT_CHARS_MAX: usize = 384;

fn check_operations(check: &mut Constraints, operations: Option<&[String]>) {
    check.required("operations", operations.as_ref());
    let rules = format!("Member must satisfy enum value set: [{}]", OPERATIONS.join(", "));
    check.entries("operations", operations, &rules, |entry| OPERATIONS.contains(&entry));
}

fn check_constraints(check: &mut Constraints, constraints: Option<&Object<ConstraintsInput>>) {
    let source = constraints.and_then(|Object(constraints)| constraints.source_arn.as_deref());
    let member = "constraints.sourceArn";
    check.length(member, source, 20..=512);
    let pattern = "^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$";
    check.pattern(member, source, pattern, |text| {
        let parts: Vec<_> = text.splitn(6, ':').collect();
        let [arn, partition, service, region, account, resource] = *parts.as_slice() else {
            return false;
        };
        let is_name = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        arn == "arn"
            && partition.strip_prefix("aws").is_some_and(is_name)
            && !service.is_empty()
            && is_name(service)
            && is_name(region)
            && AccountId::parse(account).is_ok()
            && !resource.is_empty()
            && !resource.contains('\n')
    });
}

/// One condition on the context. Message recorded for two of them; those on its size are inferred.
fn parse_constraint(
    subset: Option<ContextPairs>,
    equals: Option<ContextPairs>,
) -> Result<Option<ContextConstraint>, ApiError> {
    let constraint = match (subset, equals) {
        (Some(_), Some(_)) => {
            return Err(ApiError::validation("More than one constraint supplied"));
        }
        (Some(subset), None) => ContextConstraint::Subset(subset),
        (None, Some(equals)) => ContextConstraint::Equals(equals),
        (None, None) => return Ok(None),
    };
    let pairs = constraint.pairs();
    let chars = |text: &String| text.chars().count();
    let length: usize = pairs.iter().map(|(key, value)| chars(key) + chars(value)).sum();
    if pairs.len() > CONSTRAINT_PAIRS_MAX || length > CONSTRAINT_CHARS_MAX {
        let kind = constraint.type_name();
        return Err(ApiError::validation(format!(
            "{kind} must have at most {CONSTRAINT_PAIRS_MAX} pairs and {CONSTRAINT_CHARS_MAX} characters."
        )));
    }
    Ok(Some(constraint))
}

/// In the model's order, none twice. Message recorded for CreateGrant alone; for none it is inferred.
fn parse_operations(named: &[String]) -> Result<Vec<String>, ApiError> {
    let is_named = |operation: &&&str| named.iter().any(|named| named == **operation);
    let operations: Vec<_> =
        OPERATIONS.iter().filter(is_named).map(|operation| (*operation).to_owned()).collect();
    match operations.as_slice() {
        [] => Err(ApiError::validation("Grants must contain at least one operation.")),
        [only] if only == "CreateGrant" => {
            Err(ApiError::validation("Grants must not contain only the CreateGrant operation."))
        }
        _ => Ok(operations),
    }
}

fn parse_permission(
    operations: &[String],
    constraints: Option<Object<ConstraintsInput>>,
) -> Result<Permission, ApiError> {
    let operations = parse_operations(operations)?;
    let Some(Object(given)) = constraints else {
        return Ok(Permission { operations, constraint: None, source_arn: None });
    };
    let constraint =
        parse_constraint(given.encryption_context_subset, given.encryption_context_equals)?;
    Ok(Permission { operations, constraint, source_arn: given.source_arn })
}

/// One principal or one service, of which there are none here. Messages inferred.
fn parse_grantee(principal: Option<String>, service: Option<&str>) -> Result<String, ApiError> {
    match (principal, service) {
        (Some(_), Some(_)) => Err(ApiError::validation(
            "You cannot specify GranteePrincipal and GranteeServicePrincipal in the same request.",
        )),
        (Some(principal), None) => Ok(principal),
        (None, service) => {
            no_service("GranteeServicePrincipal", service)?;
            Err(ApiError::validation(
                "You must specify either GranteePrincipal or GranteeServicePrincipal.",
            ))
        }
    }
}

impl Operation for CreateGrant {
    const SPEC: Spec = Spec {
        service: "kms",
        name: "CreateGrant",
        effect: Effect::Write,
        summary: "Lets a principal use a key, besides what policies say.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = GrantableKey;

    fn condition(&self, key: &str) -> Values<'_> {
        let constraint = self.permission.constraint.as_ref();
        match key {
            "kms:grantconstrainttype" => some(constraint.map(ContextConstraint::type_name)),
            "kms:grantisforawsresource" => flag(false),
            "kms:grantoperations" => {
                let operations = self.permission.operations.iter();
                Some(operations.map(|operation| operation.as_str().into()).collect())
            }
            "kms:granteeprincipal" => one(self.grantee.as_str()),
            "kms:retiringprincipal" => some(self.retiring.as_deref()),
            _ => None,
        }
    }

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        let (grantee, retiring) = (
            input.grantee_service_principal.as_deref(),
            input.retiring_service_principal.as_deref(),
        );
        check_key_id(&mut check, "keyId", input.key_id.as_deref());
        check_principal(&mut check, "granteePrincipal", input.grantee_principal.as_deref());
        check_principal(&mut check, "retiringPrincipal", input.retiring_principal.as_deref());
        check_operations(&mut check, input.operations.as_deref());
        check_constraints(&mut check, input.constraints.as_ref());
        check_grant_tokens(&mut check, input.grant_tokens.as_deref());
        check.length("name", input.name.as_deref(), 1..=256);
        check.pattern("name", input.name.as_deref(), "^[a-zA-Z0-9:/_-]+$", |text| {
            let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b":/_-".contains(&byte);
            !text.is_empty() && text.bytes().all(is_good)
        });
        check_service(&mut check, "granteeServicePrincipal", grantee);
        check_service(&mut check, "retiringServicePrincipal", retiring);
        check.finish().map_err(ApiError::validation)?;
        let grantee = parse_grantee(input.grantee_principal, grantee)?;
        no_service("RetiringServicePrincipal", retiring)?;
        let operations = input.operations.unwrap_or_default();
        Ok(Self {
            key_id: input.key_id.unwrap_or_default(),
            grantee,
            retiring: input.retiring_principal,
            permission: parse_permission(&operations, input.constraints)?,
            tokens: input.grant_tokens.unwrap_or_default(),
            name: input.name,
            is_dry: input.dry_run.unwrap_or(false),
        })
    }

    async fn load(&self, cx: &Cx<'_>) -> Result<GrantableKey, ApiError> {
        verify_grant_tokens(cx, &self.tokens)?;
        let target = KeyTarget::load(cx, &KeyName::parse_key(&self.key_id, cx.region())?).await?;
        let context = self.permission.constraint.as_ref().map(|own| own.pairs().clone());
        let target = target.with_context(context.unwrap_or_default());
        Ok(GrantableKey { target, permission: self.permission.clone() })
    }

    fn recorded(output: &Output) -> impl Serialize {
        Recorded { grant_id: &output.grant_id }
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        grant: Granted<GrantableKey>,
    ) -> Result<Done<Output>, ApiError> {
        let target = &grant.target;
        let stored = target.found()?;
        let arn = target.arn_text();
        stored.value.in_use(&arn, cx.now)?;
        self.fits(&stored.value, &arn)?;
        let wanted = self.grant(cx, target, &stored.value).await?;
        dry_run(self.is_dry)?;
        let count = GrantCount::load(cx.house, &stored.key).await?;
        let is_same = |held: &Grant| wanted.is_same(held);
        if self.name.is_some()
            && let Some(held) = find(cx, &stored.key, wanted.grantee.name(), &is_same).await?
        {
            return Ok(Done::read(Output::of(cx, &held.value)?));
        }
        let key = grant_key(&stored.key, &wanted.id);
        let writes = vec![
            cx.house.records.put(cx.entropy(), key, &wanted, Expect::Absent)?,
            count.one_more(cx)?,
            // A key that is changed meanwhile may by now wait for its deletion.
            Write {
                kind: KMS_KEY,
                key: stored.key.clone(),
                expect: Expect::At(stored.revision),
                change: Change::Check,
            },
        ];
        Ok(Done::change(Output::of(cx, &wanted)?, writes))
    }
}

impl Output {
    fn of(cx: &Cx<'_>, grant: &Grant) -> Result<Self, ApiError> {
        Ok(Self { grant_token: grant_token::seal(cx, grant)?, grant_id: grant.id.clone() })
    }
}

impl CreateGrant {
    /// Only what can be done with the key, and conditions on the context only where there is one. Messages inferred.
    fn fits(&self, key: &Key, arn: &str) -> Result<(), ApiError> {
        let own = operations_for(key);
        let is_possible = |operation: &str| {
            ["CreateGrant", "RetireGrant", "DescribeKey"].contains(&operation)
                || own.contains(&operation)
        };
        let operations = &self.permission.operations;
        if let Some(other) = operations.iter().find(|operation| !is_possible(operation)) {
            let (spec, usage) = (key.spec, key.usage);
            return Err(ApiError::validation(format!(
                "Operation {other} is not valid for {arn}: its key spec is {spec}, its key usage {usage}."
            )));
        }
        if self.permission.constraint.is_some() && key.spec.kind() != KeyKind::Symmetric {
            return Err(ApiError::validation(
                "Encryption context constraints are not supported on asymmetric and HMAC keys.",
            ));
        }
        Ok(())
    }

    async fn grant(&self, cx: &Cx<'_>, target: &KeyTarget, key: &Key) -> Result<Grant, ApiError> {
        let records = &cx.house.records;
        Ok(Grant {
            id: new_material_id(cx.entropy()),
            account: target.owner().clone(),
            region: target.region().clone(),
            key_id: key.id.clone(),
            name: self.name.clone(),
            created: cx.now,
            grantee: Party::parse(records, &self.grantee).await?,
            retiring: match &self.retiring {
                Some(arn) => Some(Party::parse(records, arn).await?),
                None => None,
            },
            issuing_account: cx.account().clone(),
            permission: self.permission.clone(),
        })
    }
}

/// A key, and what somebody wants to grant on it: whoever may grant by a grant alone may not grant everything.
#[derive(Debug)]
pub struct GrantableKey {
    target: KeyTarget,
    permission: Permission,
}

impl Resource for GrantableKey {
    fn account<'a>(&'a self, cx: &'a Cx<'_>) -> &'a AccountId {
        self.target.account(cx)
    }

    fn arn(&self, cx: &Cx<'_>) -> String {
        self.target.arn(cx)
    }

    fn named(&self, cx: &Cx<'_>) -> String {
        self.target.named(cx)
    }

    fn tells_reason(&self) -> bool {
        self.target.tells_reason()
    }

    fn condition<'a>(&'a self, cx: &'a Cx<'_>, key: &str) -> Values<'a> {
        self.target.condition(cx, key)
    }

    fn policy(&self) -> Option<OwnPolicy> {
        self.target.policy()
    }

    fn refusal(&self) -> Option<&'static str> {
        self.target.refusal()
    }

    async fn is_granted(&self, cx: &Cx<'_>, action: &str) -> Result<bool, ApiError> {
        let Ok(found) = self.target.found() else { return Ok(false) };
        let may_grant = |held: &Grant| held.permission.may_grant(&self.permission);
        is_granted(cx, (self, &found.key), action, &may_grant).await
    }

    fn via_service(&self) -> Option<&'static str> {
        self.target.via_service()
    }

    fn event_type(&self) -> Option<&'static str> {
        self.target.event_type()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(operations: &[&str]) -> String {
        let named: Vec<_> = operations.iter().map(|operation| (*operation).to_owned()).collect();
        parse_operations(&named).unwrap_err().message.into_owned()
    }

    #[test]
    fn operations_are_kept_in_one_order_none_twice() {
        let named = ["DescribeKey", "Decrypt", "DescribeKey"].map(str::to_owned);
        assert_eq!(parse_operations(&named).unwrap(), ["Decrypt", "DescribeKey"]);
    }

    #[test]
    fn a_grant_of_granting_alone_is_refused() {
        // Recorded.
        let message = "Grants must not contain only the CreateGrant operation.";
        assert_eq!(refused(&["CreateGrant"]), message);
        assert_eq!(refused(&["CreateGrant", "CreateGrant"]), message);
        assert!(!refused(&[]).is_empty());
    }

    #[test]
    fn a_constraint_has_at_most_eight_pairs_and_384_characters() {
        // Documented: KMS API reference, CreateGrant.
        let pairs = |count: usize, chars: usize| {
            let pair = |place: usize| (place.to_string(), "v".repeat(chars));
            Some((0..count).map(pair).collect::<ContextPairs>())
        };
        for (given, good) in [
            (pairs(8, 1), true),
            (pairs(9, 1), false),
            (pairs(1, 383), true),
            (pairs(1, 384), false),
        ] {
            assert_eq!(parse_constraint(given.clone(), None).is_ok(), good);
            assert_eq!(parse_constraint(None, given).is_ok(), good);
        }
        let both = parse_constraint(pairs(1, 1), pairs(1, 1)).unwrap_err();
        assert_eq!(both.message, "More than one constraint supplied");
    }
}
