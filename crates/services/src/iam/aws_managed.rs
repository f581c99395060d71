//! AWS managed policies that a deployment of secrets uses, under AWS's ARNs. The texts are our own, of the same effect as
//! far as the services here go.

use crate::policy_text::PolicyText;
use std::sync::LazyLock;
use strongroom_types::Timestamp;

/// ARN of the policy that allows everything.
pub(crate) const ADMINISTRATOR_ACCESS: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// A policy that stands in every account.
#[derive(Debug)]
pub(crate) struct AwsManagedPolicy {
    /// Its name.
    pub name: &'static str,
    /// Its path.
    pub path: &'static str,
    /// Its unique id.
    pub id: &'static str,
    /// What it is for.
    pub description: &'static str,
    document: PolicyText,
}

impl AwsManagedPolicy {
    /// Its ARN.
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:iam::aws:policy{}{}", self.path, self.name)
    }

    /// Its text.
    pub(crate) fn document(&self) -> &PolicyText {
        &self.document
    }

    /// When it was made, for answers that must say so.
    pub(crate) fn created() -> Timestamp {
        // 2026-11-24, this list's.
        Timestamp::from_millis(1_795_478_400_000)
    }
}

/// The policy of this ARN.
pub(crate) fn find(arn: &str) -> Option<&'static AwsManagedPolicy> {
    let rest = arn.strip_prefix("arn:aws:iam::aws:policy/")?;
    let is_it = |policy: &&AwsManagedPolicy| {
        policy.path.strip_prefix('/').and_then(|path| rest.strip_prefix(path)) == Some(policy.name)
    };
    ALL.iter().find(is_it)
}

/// All of them, by name.
pub(crate) static ALL: LazyLock<Vec<AwsManagedPolicy>> = LazyLock::new(|| {
    let policy = |(path, name, id, description, statements): (_, _, _, _, &str)| {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        AwsManagedPolicy { name, path, id, description, document: PolicyText::new(text) }
    };
    TEXTS.iter().copied().map(policy).collect()
});

type Text = (&'static str, &'static str, &'static str, &'static str, &'static str);

const TEXTS: &[Text] = &[
    (
        "/",
        "AdministratorAccess",
        "ANPAADMINISTRATORACC2",
        "Full access to everything.",
        r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#,
    ),
    (
        "/",
        "AWSKeyManagementServicePowerUser",
        "ANPAKEYMANAGEMENTPOW2",
        "Use of keys, aliases and their details; not their administration.",
        r#"{"Effect":"Allow","Action":["kms:CreateAlias","kms:CreateKey","kms:DeleteAlias","kms:Describe*","kms:GenerateRandom","kms:Get*","kms:List*","kms:TagResource","kms:UntagResource","iam:ListGroups","iam:ListRoles","iam:ListUsers"],"Resource":"*"}"#,
    ),
    (
        "/service-role/",
        "AWSLambdaBasicExecutionRole",
        "ANPALAMBDABASICEXEC22",
        "What a function needs to write its log.",
        r#"{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}"#,
    ),
    (
        "/",
        "CloudWatchReadOnlyAccess",
        "ANPACLOUDWATCHREADON2",
        "Reading of metrics, alarms and logs.",
        r#"{"Effect":"Allow","Action":["cloudwatch:Describe*","cloudwatch:Get*","cloudwatch:List*","logs:Describe*","logs:FilterLogEvents","logs:Get*","logs:List*","sns:Get*","sns:List*"],"Resource":"*"}"#,
    ),
    (
        "/",
        "AWSCloudTrail_ReadOnlyAccess",
        "ANPACLOUDTRAILREADON2",
        "Reading of trails and events.",
        r#"{"Effect":"Allow","Action":["cloudtrail:Describe*","cloudtrail:Get*","cloudtrail:List*","cloudtrail:LookupEvents"],"Resource":"*"}"#,
    ),
    (
        "/",
        "IAMFullAccess",
        "ANPAIAMFULLACCESS2222",
        "Full access to IAM.",
        r#"{"Effect":"Allow","Action":["iam:*","organizations:DescribeAccount","organizations:DescribeOrganization","organizations:ListAccounts"],"Resource":"*"}"#,
    ),
    (
        "/",
        "IAMReadOnlyAccess",
        "ANPAIAMREADONLYACCES2",
        "Reading of everything in IAM, and simulation.",
        r#"{"Effect":"Allow","Action":["iam:Generate*","iam:Get*","iam:List*","iam:Simulate*"],"Resource":"*"}"#,
    ),
    (
        "/",
        "IAMUserChangePassword",
        "ANPAIAMUSERCHANGEPAS2",
        "Change of one's own password.",
        r#"{"Effect":"Allow","Action":"iam:ChangePassword","Resource":"arn:aws:iam::*:user/${aws:username}"},{"Effect":"Allow","Action":"iam:GetAccountPasswordPolicy","Resource":"*"}"#,
    ),
    (
        "/",
        "PowerUserAccess",
        "ANPAPOWERUSERACCESS22",
        "Everything but the administration of users, groups, roles and accounts.",
        r#"{"Effect":"Allow","NotAction":["account:*","iam:*","organizations:*"],"Resource":"*"},{"Effect":"Allow","Action":["iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole","iam:ListRoles","organizations:DescribeOrganization"],"Resource":"*"}"#,
    ),
    (
        "/",
        "ReadOnlyAccess",
        "ANPAREADONLYACCESS222",
        "Reading of everything but secret values and decrypted data.",
        r#"{"Effect":"Allow","Action":["cloudtrail:Describe*","cloudtrail:Get*","cloudtrail:List*","cloudtrail:LookupEvents","cloudwatch:Describe*","cloudwatch:Get*","cloudwatch:List*","ec2:Describe*","events:Describe*","events:List*","iam:Generate*","iam:Get*","iam:List*","iam:Simulate*","kms:Describe*","kms:Get*","kms:List*","lambda:Get*","lambda:List*","logs:Describe*","logs:FilterLogEvents","logs:Get*","logs:List*","secretsmanager:DescribeSecret","secretsmanager:GetResourcePolicy","secretsmanager:ListSecretVersionIds","secretsmanager:ListSecrets","sns:Get*","sns:List*","ssm:Describe*","ssm:Get*","ssm:List*","sts:GetAccessKeyInfo","sts:GetCallerIdentity"],"Resource":"*"}"#,
    ),
    (
        "/",
        "SecretsManagerReadWrite",
        "ANPASECRETSMANAGERRW2",
        "Full use of secrets, and what setting up their rotation needs.",
        r#"{"Effect":"Allow","Action":["secretsmanager:*","ec2:DescribeSecurityGroups","ec2:DescribeSubnets","ec2:DescribeVpcs","kms:DescribeKey","kms:ListAliases","kms:ListKeys","lambda:ListFunctions","tag:GetResources"],"Resource":"*"},{"Effect":"Allow","Action":["lambda:AddPermission","lambda:CreateFunction","lambda:GetFunction","lambda:InvokeFunction","lambda:UpdateFunctionConfiguration"],"Resource":"arn:aws:lambda:*:*:function:SecretsManager*"}"#,
    ),
    (
        "/",
        "SecurityAudit",
        "ANPASECURITYAUDIT2222",
        "Reading of how security is set up.",
        r#"{"Effect":"Allow","Action":["cloudtrail:Describe*","cloudtrail:GetTrailStatus","cloudtrail:List*","cloudtrail:LookupEvents","iam:Generate*","iam:Get*","iam:List*","iam:SimulateCustomPolicy","iam:SimulatePrincipalPolicy","kms:Describe*","kms:GetKeyPolicy","kms:GetKeyRotationStatus","kms:List*","lambda:GetPolicy","lambda:ListFunctions","secretsmanager:DescribeSecret","secretsmanager:GetResourcePolicy","secretsmanager:ListSecretVersionIds","secretsmanager:ListSecrets"],"Resource":"*"}"#,
    ),
    (
        "/",
        "ViewOnlyAccess",
        "ANPAVIEWONLYACCESS222",
        "Lists of resources.",
        r#"{"Effect":"Allow","Action":["cloudtrail:DescribeTrails","cloudtrail:LookupEvents","cloudwatch:Get*","cloudwatch:List*","iam:GetAccountSummary","iam:List*","kms:ListAliases","kms:ListKeys","lambda:List*","secretsmanager:ListSecretVersionIds","secretsmanager:ListSecrets","sns:List*"],"Resource":"*"}"#,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_iam::{Policy, PolicyKind};

    #[test]
    fn every_policy_can_be_read_and_is_found_by_its_arn() {
        for policy in ALL.iter() {
            let parsed =
                Policy::parse(policy.name, policy.document().text(), PolicyKind::Identity, 6144);
            assert!(parsed.is_ok(), "{}", policy.name);
            assert_eq!(find(&policy.arn()).map(|found| found.name), Some(policy.name));
            assert_eq!(policy.id.len(), 21, "{}", policy.name);
        }
        assert!(find("arn:aws:iam::aws:policy/service-role/AdministratorAccess").is_none());
        assert!(find("arn:aws:iam::aws:policy/Nothing").is_none());
    }
}
