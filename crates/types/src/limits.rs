//! Every limit, with where it comes from. Units are in the names.
//!
//! "model" is AWS's published service model (botocore 1.44.5, secretsmanager 2017-10-17); "quota" is the user guide's
//! page of quotas; "ours" is strongroom's own bound with its reason.

/// Longest name of a secret. Model: `NameType`.
pub const NAME_CHARS_MAX: usize = 512;
/// Longest `SecretId`. Model: `SecretIdType`.
pub const SECRET_ID_CHARS_MAX: usize = 2048;
/// Longest region name. Model: `RegionType`.
pub const REGION_CHARS_MAX: usize = 128;
/// Largest value of a secret. Model: `SecretStringType`, `SecretBinaryType`; quota: 65,536 bytes.
pub const VALUE_BYTES_MAX: usize = 65_536;
/// Longest description. Model: `DescriptionType`.
pub const DESCRIPTION_CHARS_MAX: usize = 2048;
/// Longest key id, alias or ARN of a key. Model: `KmsKeyIdType`.
pub const KMS_KEY_ID_CHARS_MAX: usize = 2048;
/// Longest `Type`. Model: `MedeaTypeType`.
pub const TYPE_CHARS_MAX: usize = 256;
/// Shortest version id. Model: `ClientRequestTokenType`.
pub const VERSION_ID_CHARS_MIN: usize = 32;
/// Longest version id. Model: `ClientRequestTokenType`.
pub const VERSION_ID_CHARS_MAX: usize = 64;
/// Longest staging label. Model: `SecretVersionStageType`.
pub const STAGE_CHARS_MAX: usize = 256;
/// Most labels on one version. Model: `SecretVersionStagesType`; quota: 20.
pub const STAGES_PER_VERSION_MAX: usize = 20;
/// Most versions that carry a label. Quota: about 100 versions of a secret.
pub const LABELLED_VERSIONS_MAX: usize = 100;
/// Versions without a label beyond this count are removed, oldest first. User guide, "Secret versions".
pub const DEPRECATED_VERSIONS_KEPT: u32 = 100;
/// A version younger than this is never removed for its number. User guide, "Secret versions": 24 hours.
pub const VERSION_KEPT_MILLIS_MIN: i64 = 24 * 3_600_000;
/// Most tags on a secret. Quota: 50.
pub const TAGS_MAX: usize = 50;
/// Longest tag key. Model: `TagKeyType`.
pub const TAG_KEY_CHARS_MAX: usize = 128;
/// Longest tag value. Model: `TagValueType`.
pub const TAG_VALUE_CHARS_MAX: usize = 256;
/// Longest resource policy. Model: `NonEmptyResourcePolicyType`.
pub const POLICY_CHARS_MAX: usize = 20_480;
/// Longest name of a resource policy. Model: `ResourcePolicyNameType`.
pub const POLICY_NAME_CHARS_MAX: usize = 64;
/// Shortest recovery window. API reference, `DeleteSecret`.
pub const RECOVERY_DAYS_MIN: i64 = 7;
/// Longest recovery window, and the one by default. API reference, `DeleteSecret`.
pub const RECOVERY_DAYS_MAX: i64 = 30;
/// Largest page of a list. Model: `MaxResultsType`.
pub const PAGE_ITEMS_MAX: u32 = 100;
/// Most secrets of one batch read. Model: `SecretIdListType`, `MaxResultsBatchType`.
pub const BATCH_ITEMS_MAX: u32 = 20;
/// Longest page token. Model: `NextTokenType`.
pub const NEXT_TOKEN_CHARS_MAX: usize = 4096;
/// Most filters of a list. Model: `FiltersListType`.
pub const FILTERS_MAX: usize = 10;
/// Most values of a filter. Model: `FilterValuesStringList`.
pub const FILTER_VALUES_MAX: usize = 10;
/// Longest value of a filter. Model: `FilterValueStringType`.
pub const FILTER_VALUE_CHARS_MAX: usize = 512;
/// Longest random password. Model: `PasswordLengthType`.
pub const PASSWORD_CHARS_MAX: usize = 4096;
/// Length of a random password when none is asked for. API reference, `GetRandomPassword`.
pub const PASSWORD_CHARS_DEFAULT: usize = 32;
/// Records that one list call looks at before it answers a short page with a token. Ours: bounds the work of a filter
/// that matches little among a million secrets.
pub const LIST_SCAN_RECORDS_MAX: usize = 2_000;
/// Largest request body. Ours: 65,536 bytes of value as six-byte JSON escapes, with room for the other members.
pub const BODY_BYTES_MAX: usize = 640 * 1024;
/// Largest request head (request line and headers). Ours: an SDK sends about 1.5 KiB, with a session token 4 KiB.
pub const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Most headers of a request. Ours: an SDK sends about 15.
pub const HEADERS_MAX: usize = 64;
/// How far the client's clock may be off. User guide of IAM, "Troubleshoot SigV4": 5 minutes.
pub const CLOCK_SKEW_MILLIS_MAX: i64 = 5 * 60_000;

/// Largest key policy, in bytes. KMS developer guide, "Resource quotas": 32 KB.
pub const KEY_POLICY_BYTES_MAX: usize = 32_768;
/// Most replicas of a multi-Region key. Ours: any well-formed name is a region here, and every change of a primary writes all of
/// its set at once; AWS has fewer regions than this.
pub const KEY_REPLICAS_MAX: usize = 40;
/// Longest policy that is read back from a record: the longest that any service takes, which is IAM.
pub const STORED_POLICY_CHARS_MAX: usize = IAM_DOCUMENT_CHARS_MAX;
/// Longest name of a user, role or instance profile in requests. IAM model: `userNameType`, `roleNameType`.
pub const IAM_USER_NAME_CHARS_MAX: usize = 64;
/// Longest name of a group, policy or instance profile. IAM model: `groupNameType`, `policyNameType`.
pub const IAM_NAME_CHARS_MAX: usize = 128;
/// Longest path. IAM model: `pathType`.
pub const IAM_PATH_CHARS_MAX: usize = 512;
/// Longest ARN in requests of IAM and STS. IAM model: `arnType`.
pub const IAM_ARN_CHARS_MAX: usize = 2048;
/// Longest policy text in requests. IAM model: `policyDocumentType`.
pub const IAM_DOCUMENT_CHARS_MAX: usize = 131_072;
/// Longest description of a managed policy. IAM model: `policyDescriptionType`.
pub const IAM_POLICY_DESCRIPTION_CHARS_MAX: usize = 1000;
/// Longest managed policy, white space not counted. IAM user guide, "IAM and AWS STS quotas".
pub const IAM_MANAGED_POLICY_CHARS_MAX: usize = 6144;
/// Longest inline policies of a user together, white space not counted. IAM quotas.
pub const IAM_USER_INLINE_CHARS_MAX: usize = 2048;
/// The same of a group. IAM quotas.
pub const IAM_GROUP_INLINE_CHARS_MAX: usize = 5120;
/// The same of a role. IAM quotas.
pub const IAM_ROLE_INLINE_CHARS_MAX: usize = 10_240;
/// Longest trust policy. IAM quotas: 2,048, adjustable to 8,192.
pub const IAM_TRUST_POLICY_CHARS_MAX: usize = 8192;
/// Most managed policies attached to one identity. IAM quotas: 10, adjustable to 20.
pub const IAM_ATTACHED_POLICIES_MAX: usize = 20;
/// Most versions of a managed policy. IAM quotas.
pub const IAM_POLICY_VERSIONS_MAX: usize = 5;
/// Most groups that a user is in. IAM quotas.
pub const IAM_GROUPS_PER_USER_MAX: usize = 10;
/// Most access keys of a user. IAM quotas.
pub const IAM_ACCESS_KEYS_PER_USER_MAX: usize = 2;
/// Most tags on anything in IAM, and on a session. IAM quotas.
pub const IAM_TAGS_MAX: usize = 50;
/// Largest page of a list. IAM model: `maxItemsType`.
pub const IAM_PAGE_ITEMS_MAX: u32 = 1000;
/// Size of a page when none is asked for. IAM API reference.
pub const IAM_PAGE_ITEMS_DEFAULT: u32 = 100;
/// Longest session policy as text, and all together with tags in their packed form. STS API reference, `AssumeRole`.
pub const SESSION_POLICY_CHARS_MAX: usize = 2048;
/// Most managed session policies. STS API reference, `AssumeRole`.
pub const SESSION_POLICY_ARNS_MAX: usize = 10;
/// Most statements of all policies of a simulation together. Ours: a principal at all its quotas has about half.
pub const SIMULATED_STATEMENTS_MAX: usize = 2_000;
/// What one page of a simulation weighs: statements times resources, for each action. Ours: an answer of at most 16 MiB.
pub const SIMULATED_PAGE_WEIGHT_MAX: usize = 50_000;
