//! AWS Identity and Access Management: users, groups, roles, policies, access keys.
//!
//! `user.rs`, `group.rs`, `role.rs`, `managed_policy.rs` are the records; `entity.rs` is what they have in common.
//! What they allow is read by `identity::authority` and decided by the crate `strongroom_iam`.

mod account_target;
mod attached_policy;
pub(crate) mod aws_managed;
mod boundary;
mod context_entry;
pub(crate) mod entity;
pub(crate) mod group;
mod group_member;
mod inline_policy;
mod instance_profile;
mod listing;
mod managed;
pub(crate) mod managed_policy;
pub(crate) mod members;
mod new_managed_policy;
pub(crate) mod oidc_provider;
mod own_key;
mod own_user;
mod policy_exclusion;
mod policy_member;
mod policy_source;
mod policy_version_member;
mod reference;
mod rename;
pub(crate) mod role;
mod role_member;
mod simulated_policy;
mod simulation;
mod simulation_input;
mod simulation_member;
mod simulation_scene;
pub(crate) mod target;
mod trust;
pub(crate) mod unique_id;
mod usage;
pub(crate) mod user;
mod user_member;
mod walk;
mod written_policy;

use crate::operation::{Service, operations};
use strongroom_store::Kind;

/// Kinds of record that decide who somebody is and what they may do.
pub(crate) const DECIDING_KINDS: &[Kind] =
    &[user::USER, group::GROUP, role::ROLE, managed_policy::MANAGED_POLICY];

/// The service.
pub static SERVICE: Service = Service {
    name: "iam",
    event_source: "iam.amazonaws.com",
    target_prefix: None,
    xml_namespace: Some("https://iam.amazonaws.com/doc/2010-05-08/"),
    encodes_refusals: false,
    operations: OPERATIONS,
};

operations! {
    add_client_id_to_open_id_connect_provider::AddClientIDToOpenIDConnectProvider,
    add_role_to_instance_profile::AddRoleToInstanceProfile,
    add_user_to_group::AddUserToGroup,
    attach_group_policy::AttachGroupPolicy,
    attach_role_policy::AttachRolePolicy,
    attach_user_policy::AttachUserPolicy,
    create_access_key::CreateAccessKey,
    create_account_alias::CreateAccountAlias,
    create_group::CreateGroup,
    create_instance_profile::CreateInstanceProfile,
    create_open_id_connect_provider::CreateOpenIDConnectProvider,
    create_policy::CreatePolicy,
    create_policy_version::CreatePolicyVersion,
    create_role::CreateRole,
    create_user::CreateUser,
    delete_access_key::DeleteAccessKey,
    delete_account_alias::DeleteAccountAlias,
    delete_group::DeleteGroup,
    delete_group_policy::DeleteGroupPolicy,
    delete_instance_profile::DeleteInstanceProfile,
    delete_open_id_connect_provider::DeleteOpenIDConnectProvider,
    delete_policy::DeletePolicy,
    delete_policy_version::DeletePolicyVersion,
    delete_role::DeleteRole,
    delete_role_permissions_boundary::DeleteRolePermissionsBoundary,
    delete_role_policy::DeleteRolePolicy,
    delete_user::DeleteUser,
    delete_user_permissions_boundary::DeleteUserPermissionsBoundary,
    delete_user_policy::DeleteUserPolicy,
    detach_group_policy::DetachGroupPolicy,
    detach_role_policy::DetachRolePolicy,
    detach_user_policy::DetachUserPolicy,
    get_access_key_last_used::GetAccessKeyLastUsed,
    get_account_authorization_details::GetAccountAuthorizationDetails,
    get_account_summary::GetAccountSummary,
    get_context_keys_for_custom_policy::GetContextKeysForCustomPolicy,
    get_context_keys_for_principal_policy::GetContextKeysForPrincipalPolicy,
    get_group::GetGroup,
    get_group_policy::GetGroupPolicy,
    get_instance_profile::GetInstanceProfile,
    get_open_id_connect_provider::GetOpenIDConnectProvider,
    get_policy::GetPolicy,
    get_policy_version::GetPolicyVersion,
    get_role::GetRole,
    get_role_policy::GetRolePolicy,
    get_user::GetUser,
    get_user_policy::GetUserPolicy,
    list_access_keys::ListAccessKeys,
    list_account_aliases::ListAccountAliases,
    list_attached_group_policies::ListAttachedGroupPolicies,
    list_attached_role_policies::ListAttachedRolePolicies,
    list_attached_user_policies::ListAttachedUserPolicies,
    list_entities_for_policy::ListEntitiesForPolicy,
    list_group_policies::ListGroupPolicies,
    list_groups::ListGroups,
    list_groups_for_user::ListGroupsForUser,
    list_instance_profile_tags::ListInstanceProfileTags,
    list_instance_profiles::ListInstanceProfiles,
    list_instance_profiles_for_role::ListInstanceProfilesForRole,
    list_open_id_connect_provider_tags::ListOpenIDConnectProviderTags,
    list_open_id_connect_providers::ListOpenIDConnectProviders,
    list_policies::ListPolicies,
    list_policy_tags::ListPolicyTags,
    list_policy_versions::ListPolicyVersions,
    list_role_policies::ListRolePolicies,
    list_role_tags::ListRoleTags,
    list_roles::ListRoles,
    list_user_policies::ListUserPolicies,
    list_user_tags::ListUserTags,
    list_users::ListUsers,
    put_group_policy::PutGroupPolicy,
    put_role_permissions_boundary::PutRolePermissionsBoundary,
    put_role_policy::PutRolePolicy,
    put_user_permissions_boundary::PutUserPermissionsBoundary,
    put_user_policy::PutUserPolicy,
    remove_client_id_from_open_id_connect_provider::RemoveClientIDFromOpenIDConnectProvider,
    remove_role_from_instance_profile::RemoveRoleFromInstanceProfile,
    remove_user_from_group::RemoveUserFromGroup,
    set_default_policy_version::SetDefaultPolicyVersion,
    simulate_custom_policy::SimulateCustomPolicy,
    simulate_principal_policy::SimulatePrincipalPolicy,
    tag_instance_profile::TagInstanceProfile,
    tag_open_id_connect_provider::TagOpenIDConnectProvider,
    tag_policy::TagPolicy,
    tag_role::TagRole,
    tag_user::TagUser,
    untag_instance_profile::UntagInstanceProfile,
    untag_open_id_connect_provider::UntagOpenIDConnectProvider,
    untag_policy::UntagPolicy,
    untag_role::UntagRole,
    untag_user::UntagUser,
    update_access_key::UpdateAccessKey,
    update_assume_role_policy::UpdateAssumeRolePolicy,
    update_group::UpdateGroup,
    update_open_id_connect_provider_thumbprint::UpdateOpenIDConnectProviderThumbprint,
    update_role::UpdateRole,
    update_role_description::UpdateRoleDescription,
    update_user::UpdateUser,
}
