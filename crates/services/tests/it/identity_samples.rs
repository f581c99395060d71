//! Requests of every operation of IAM and STS. Most are about something that is not there: that is told only to those
//! who may know.

use crate::harness::{ACCOUNT, Building, Call, HOME};
use crate::samples::Sample;
use serde_json::{Value, json};

/// A role that users of the account may assume.
pub(crate) const ROLE: &str = "kept-role";
/// A user without anything.
pub(crate) const USER: &str = "kept-user";

const ABSENT: &str = "absent";
const MISSING: &str = "NoSuchEntity";
const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";

fn document() -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}]}).to_string()
}

fn trust() -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]})
        .to_string()
}

fn policy_arn() -> String {
    format!("arn:aws:iam::{ACCOUNT}:policy/{ABSENT}")
}

fn sample(
    service: &'static str,
    operation: &'static str,
    members: Value,
    code: Option<&'static str>,
) -> Sample {
    Sample { service, operation, region: HOME, members, code, refused: None }
}

/// One of each operation. Codes: documented in the API references.
#[expect(clippy::too_many_lines, reason = "a table: one row for each operation")]
pub(crate) fn samples() -> Vec<Sample> {
    let (user, role, group) = (json!(ABSENT), json!(ABSENT), json!(ABSENT));
    let provider = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/issuer.example.com");
    let tags = json!([{"Key": "k", "Value": "v"}]);
    let missing = [
        (
            "AddClientIDToOpenIDConnectProvider",
            json!({"OpenIDConnectProviderArn": provider, "ClientID": "c"}),
        ),
        ("AddRoleToInstanceProfile", json!({"InstanceProfileName": ABSENT, "RoleName": role})),
        ("AddUserToGroup", json!({"GroupName": group, "UserName": user})),
        ("AttachGroupPolicy", json!({"GroupName": group, "PolicyArn": policy_arn()})),
        ("AttachRolePolicy", json!({"RoleName": role, "PolicyArn": policy_arn()})),
        ("AttachUserPolicy", json!({"UserName": user, "PolicyArn": policy_arn()})),
        ("CreateAccessKey", json!({"UserName": user})),
        ("CreatePolicyVersion", json!({"PolicyArn": policy_arn(), "PolicyDocument": document()})),
        ("DeleteAccessKey", json!({"UserName": user, "AccessKeyId": ACCESS_KEY})),
        ("DeleteAccountAlias", json!({"AccountAlias": "no-such-alias"})),
        ("DeleteGroup", json!({"GroupName": group})),
        ("DeleteGroupPolicy", json!({"GroupName": group, "PolicyName": "p"})),
        ("DeleteInstanceProfile", json!({"InstanceProfileName": ABSENT})),
        ("DeleteOpenIDConnectProvider", json!({"OpenIDConnectProviderArn": provider})),
        ("DeletePolicy", json!({"PolicyArn": policy_arn()})),
        ("DeletePolicyVersion", json!({"PolicyArn": policy_arn(), "VersionId": "v1"})),
        ("DeleteRole", json!({"RoleName": role})),
        ("DeleteRolePermissionsBoundary", json!({"RoleName": role})),
        ("DeleteRolePolicy", json!({"RoleName": role, "PolicyName": "p"})),
        ("DeleteUser", json!({"UserName": user})),
        ("DeleteUserPermissionsBoundary", json!({"UserName": user})),
        ("DeleteUserPolicy", json!({"UserName": user, "PolicyName": "p"})),
        ("DetachGroupPolicy", json!({"GroupName": group, "PolicyArn": policy_arn()})),
        ("DetachRolePolicy", json!({"RoleName": role, "PolicyArn": policy_arn()})),
        ("DetachUserPolicy", json!({"UserName": user, "PolicyArn": policy_arn()})),
        (
            "GetContextKeysForPrincipalPolicy",
            json!({"PolicySourceArn": format!("arn:aws:iam::{ACCOUNT}:user/{ABSENT}")}),
        ),
        ("GetGroup", json!({"GroupName": group})),
        ("GetGroupPolicy", json!({"GroupName": group, "PolicyName": "p"})),
        ("GetInstanceProfile", json!({"InstanceProfileName": ABSENT})),
        ("GetOpenIDConnectProvider", json!({"OpenIDConnectProviderArn": provider})),
        ("GetPolicy", json!({"PolicyArn": policy_arn()})),
        ("GetPolicyVersion", json!({"PolicyArn": policy_arn(), "VersionId": "v1"})),
        ("GetRole", json!({"RoleName": role})),
        ("GetRolePolicy", json!({"RoleName": role, "PolicyName": "p"})),
        ("GetUserPolicy", json!({"UserName": user, "PolicyName": "p"})),
        ("ListAttachedGroupPolicies", json!({"GroupName": group})),
        ("ListAttachedRolePolicies", json!({"RoleName": role})),
        ("ListAttachedUserPolicies", json!({"UserName": user})),
        ("ListEntitiesForPolicy", json!({"PolicyArn": policy_arn()})),
        ("ListGroupPolicies", json!({"GroupName": group})),
        ("ListGroupsForUser", json!({"UserName": user})),
        ("ListInstanceProfileTags", json!({"InstanceProfileName": ABSENT})),
        ("ListInstanceProfilesForRole", json!({"RoleName": role})),
        ("ListOpenIDConnectProviderTags", json!({"OpenIDConnectProviderArn": provider})),
        ("ListPolicyTags", json!({"PolicyArn": policy_arn()})),
        ("ListPolicyVersions", json!({"PolicyArn": policy_arn()})),
        ("ListRolePolicies", json!({"RoleName": role})),
        ("ListRoleTags", json!({"RoleName": role})),
        ("ListUserPolicies", json!({"UserName": user})),
        ("ListUserTags", json!({"UserName": user})),
        (
            "PutGroupPolicy",
            json!({"GroupName": group, "PolicyName": "p", "PolicyDocument": document()}),
        ),
        (
            "PutRolePermissionsBoundary",
            json!({"RoleName": role, "PermissionsBoundary": policy_arn()}),
        ),
        (
            "PutRolePolicy",
            json!({"RoleName": role, "PolicyName": "p", "PolicyDocument": document()}),
        ),
        (
            "PutUserPermissionsBoundary",
            json!({"UserName": user, "PermissionsBoundary": policy_arn()}),
        ),
        (
            "PutUserPolicy",
            json!({"UserName": user, "PolicyName": "p", "PolicyDocument": document()}),
        ),
        (
            "RemoveClientIDFromOpenIDConnectProvider",
            json!({"OpenIDConnectProviderArn": provider, "ClientID": "c"}),
        ),
        ("RemoveRoleFromInstanceProfile", json!({"InstanceProfileName": ABSENT, "RoleName": role})),
        ("RemoveUserFromGroup", json!({"GroupName": group, "UserName": user})),
        ("SetDefaultPolicyVersion", json!({"PolicyArn": policy_arn(), "VersionId": "v1"})),
        (
            "SimulatePrincipalPolicy",
            json!({"PolicySourceArn": format!("arn:aws:iam::{ACCOUNT}:user/{ABSENT}"), "ActionNames": ["sts:AssumeRole"]}),
        ),
        ("TagInstanceProfile", json!({"InstanceProfileName": ABSENT, "Tags": tags})),
        ("TagOpenIDConnectProvider", json!({"OpenIDConnectProviderArn": provider, "Tags": tags})),
        ("TagPolicy", json!({"PolicyArn": policy_arn(), "Tags": tags})),
        ("TagRole", json!({"RoleName": role, "Tags": tags})),
        ("TagUser", json!({"UserName": user, "Tags": tags})),
        ("UntagInstanceProfile", json!({"InstanceProfileName": ABSENT, "TagKeys": ["k"]})),
        (
            "UntagOpenIDConnectProvider",
            json!({"OpenIDConnectProviderArn": provider, "TagKeys": ["k"]}),
        ),
        ("UntagPolicy", json!({"PolicyArn": policy_arn(), "TagKeys": ["k"]})),
        ("UntagRole", json!({"RoleName": role, "TagKeys": ["k"]})),
        ("UntagUser", json!({"UserName": user, "TagKeys": ["k"]})),
        (
            "UpdateAccessKey",
            json!({"UserName": user, "AccessKeyId": ACCESS_KEY, "Status": "Inactive"}),
        ),
        ("UpdateAssumeRolePolicy", json!({"RoleName": role, "PolicyDocument": trust()})),
        ("UpdateGroup", json!({"GroupName": group, "NewPath": "/a/"})),
        (
            "UpdateOpenIDConnectProviderThumbprint",
            json!({"OpenIDConnectProviderArn": provider, "ThumbprintList": ["0".repeat(40)]}),
        ),
        ("UpdateRole", json!({"RoleName": role})),
        ("UpdateRoleDescription", json!({"RoleName": role, "Description": "d"})),
        ("UpdateUser", json!({"UserName": user, "NewPath": "/a/"})),
    ];
    let answered = [
        ("CreateAccountAlias", json!({"AccountAlias": "an-alias"})),
        ("CreateGroup", json!({"GroupName": "new"})),
        ("CreateInstanceProfile", json!({"InstanceProfileName": "new"})),
        ("CreateOpenIDConnectProvider", json!({"Url": "https://issuer.example.com"})),
        ("CreatePolicy", json!({"PolicyName": "new", "PolicyDocument": document()})),
        ("CreateRole", json!({"RoleName": "new", "AssumeRolePolicyDocument": trust()})),
        ("CreateUser", json!({"UserName": "new"})),
        ("GetAccountAuthorizationDetails", json!({})),
        ("GetAccountSummary", json!({})),
        ("GetContextKeysForCustomPolicy", json!({"PolicyInputList": [document()]})),
        ("GetUser", json!({"UserName": USER})),
        ("ListAccessKeys", json!({"UserName": USER})),
        ("ListAccountAliases", json!({})),
        ("ListGroups", json!({})),
        ("ListInstanceProfiles", json!({})),
        ("ListOpenIDConnectProviders", json!({})),
        ("ListPolicies", json!({})),
        ("ListRoles", json!({})),
        ("ListUsers", json!({})),
        (
            "SimulateCustomPolicy",
            json!({"PolicyInputList": [document()], "ActionNames": ["sts:AssumeRole"]}),
        ),
    ];
    let mut samples: Vec<_> = missing
        .into_iter()
        .map(|(operation, members)| sample("iam", operation, members, Some(MISSING)))
        .collect();
    samples.extend(
        answered.into_iter().map(|(operation, members)| sample("iam", operation, members, None)),
    );
    // AWS: a key that is not there is refused, whoever asks.
    let last_used = json!({"AccessKeyId": ACCESS_KEY});
    samples.push(sample("iam", "GetAccessKeyLastUsed", last_used, Some("AccessDenied")));
    samples.extend(of_sts());
    samples
}

fn of_sts() -> Vec<Sample> {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}");
    vec![
        // AWS: the root assumes no role.
        sample(
            "sts",
            "AssumeRole",
            json!({"RoleArn": role, "RoleSessionName": "session"}),
            Some("AccessDenied"),
        ),
        sample(
            "sts",
            "DecodeAuthorizationMessage",
            json!({"EncodedMessage": "nonsense"}),
            Some("InvalidAuthorizationMessageException"),
        ),
        sample(
            "sts",
            "GetAccessKeyInfo",
            json!({"AccessKeyId": ACCESS_KEY}),
            Some("ValidationError"),
        ),
        sample("sts", "GetCallerIdentity", json!({}), None),
        sample("sts", "GetFederationToken", json!({"Name": "federated"}), None),
        sample("sts", "GetSessionToken", json!({}), None),
    ]
}

/// Makes what the samples are about.
pub(crate) async fn furnish(building: &Building) {
    for (operation, members) in [
        ("CreateUser", json!({"UserName": USER})),
        ("CreateRole", json!({"RoleName": ROLE, "AssumeRolePolicyDocument": trust()})),
    ] {
        let reply = building.send(&building.root, &Call::of("iam", operation, &members)).await;
        assert_eq!(reply.status, 200, "{operation}: {}", reply.body);
    }
}
