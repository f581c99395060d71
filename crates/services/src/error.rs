//! The one mapping from what went wrong to what AWS answers.
//!
//! Every crate has errors of its own that know nothing of AWS; here they become a code, a status and a message. The
//! message is for the caller, the source for the operator's log, and no path prints the source to the caller.

use std::borrow::Cow;
use std::fmt;
use strongroom_store::StoreError;
use strongroom_wire::Protocol;

/// Every code strongroom answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    // Modelled by Secrets Manager.
    /// The value cannot be opened with its key.
    DecryptionFailure,
    /// The value cannot be sealed with its key.
    EncryptionFailure,
    /// The server failed.
    InternalServiceError,
    /// The page token is not one of this query.
    InvalidNextToken,
    /// A parameter is not valid.
    InvalidParameter,
    /// The request does not fit the state of the resource.
    InvalidRequest,
    /// A quota would be exceeded.
    LimitExceeded,
    /// The resource policy has errors.
    MalformedPolicyDocument,
    /// Something must be done first.
    PreconditionNotMet,
    /// The resource policy would allow broad access.
    PublicPolicy,
    /// There is such a resource already.
    ResourceExists,
    /// There is no such resource.
    ResourceNotFound,
    // Modelled by IAM and STS. IAM API reference, "Errors" of each operation.
    /// Something still depends on the resource.
    DeleteConflict,
    /// There is such a resource already.
    EntityAlreadyExists,
    /// The identity provider's token is over.
    ExpiredIdentityToken,
    /// The identity provider cannot be asked for its keys.
    IdpCommunication,
    /// The identity provider's token is not accepted.
    IdpRejectedClaim,
    /// The encoded authorization message is none.
    InvalidAuthorizationMessage,
    /// The identity provider's token cannot be verified.
    InvalidIdentityToken,
    /// A parameter is not valid.
    InvalidInput,
    /// There is no such resource.
    NoSuchEntity,
    /// Session policies and tags are too large together.
    PackedPolicyTooLarge,
    /// The policy is one that only AWS attaches.
    PolicyNotAttachable,
    /// The resource is AWS's to change.
    UnmodifiableEntity,
    // Modelled by KMS. KMS API reference, "Errors" of each operation.
    /// There is such an alias already.
    AlreadyExists,
    /// There is no such custom key store.
    CustomKeyStoreNotFound,
    /// The key is disabled.
    Disabled,
    /// The request was only tried, and would have succeeded.
    DryRunOperation,
    /// The import token is over.
    ExpiredImportToken,
    /// The ciphertext was made with another key.
    IncorrectKey,
    /// The material is not the one that was imported before.
    IncorrectKeyMaterial,
    /// The alias has no valid name.
    InvalidAliasName,
    /// The ARN is not one of a key.
    InvalidArn,
    /// The ciphertext does not open.
    InvalidCiphertext,
    /// There is no such grant.
    InvalidGrantId,
    /// The grant token is none.
    InvalidGrantToken,
    /// The import token is none.
    InvalidImportToken,
    /// The key is not for this.
    InvalidKeyUsage,
    /// The marker is not one of this list.
    InvalidMarker,
    /// The MAC is wrong.
    KmsInvalidMac,
    /// The signature is wrong.
    KmsInvalidSignature,
    /// The request does not fit the state of the key.
    KmsInvalidState,
    /// There is no such key or alias.
    NotFound,
    /// A tag is not valid.
    Tag,
    /// The key cannot do this, or nothing here can.
    UnsupportedOperation,
    // Of the edge, common to all services.
    /// The caller may not do this.
    AccessDenied,
    /// The session is over.
    ExpiredToken,
    /// The signature lacks a part or cannot be read.
    IncompleteSignature,
    /// The server failed before it knew the service.
    InternalFailure,
    /// The access key or session token is not known.
    InvalidClientToken,
    /// The signature is wrong or too old.
    InvalidSignature,
    /// The form cannot be read.
    MalformedQueryString,
    /// The request is not signed.
    MissingAuthenticationToken,
    /// The body is too large.
    RequestEntityTooLarge,
    /// The body cannot be read.
    Serialization,
    /// The server cannot answer now.
    ServiceUnavailable,
    /// There is no such operation.
    UnknownOperation,
    /// A member breaks a constraint of the service model.
    Validation,
}

impl ErrorCode {
    /// All codes, for the generated reference page.
    pub const ALL: [Self; 58] = [
        Self::DecryptionFailure,
        Self::EncryptionFailure,
        Self::InternalServiceError,
        Self::InvalidNextToken,
        Self::InvalidParameter,
        Self::InvalidRequest,
        Self::LimitExceeded,
        Self::MalformedPolicyDocument,
        Self::PreconditionNotMet,
        Self::PublicPolicy,
        Self::ResourceExists,
        Self::ResourceNotFound,
        Self::DeleteConflict,
        Self::EntityAlreadyExists,
        Self::ExpiredIdentityToken,
        Self::IdpCommunication,
        Self::IdpRejectedClaim,
        Self::InvalidAuthorizationMessage,
        Self::InvalidIdentityToken,
        Self::InvalidInput,
        Self::NoSuchEntity,
        Self::PackedPolicyTooLarge,
        Self::PolicyNotAttachable,
        Self::UnmodifiableEntity,
        Self::AlreadyExists,
        Self::CustomKeyStoreNotFound,
        Self::Disabled,
        Self::DryRunOperation,
        Self::ExpiredImportToken,
        Self::IncorrectKey,
        Self::IncorrectKeyMaterial,
        Self::InvalidAliasName,
        Self::InvalidArn,
        Self::InvalidCiphertext,
        Self::InvalidGrantId,
        Self::InvalidGrantToken,
        Self::InvalidImportToken,
        Self::InvalidKeyUsage,
        Self::InvalidMarker,
        Self::KmsInvalidMac,
        Self::KmsInvalidSignature,
        Self::KmsInvalidState,
        Self::NotFound,
        Self::Tag,
        Self::UnsupportedOperation,
        Self::AccessDenied,
        Self::ExpiredToken,
        Self::IncompleteSignature,
        Self::InternalFailure,
        Self::InvalidClientToken,
        Self::InvalidSignature,
        Self::MalformedQueryString,
        Self::MissingAuthenticationToken,
        Self::RequestEntityTooLarge,
        Self::Serialization,
        Self::ServiceUnavailable,
        Self::UnknownOperation,
        Self::Validation,
    ];

    /// The code as the protocol's clients know it. AWS common errors, JSON and query form.
    #[expect(clippy::too_many_lines, reason = "a table: one row for each code")]
    pub fn name(self, protocol: Protocol) -> &'static str {
        let query = protocol == Protocol::Query;
        match self {
            Self::DecryptionFailure => "DecryptionFailure",
            Self::EncryptionFailure => "EncryptionFailure",
            Self::InternalServiceError if query => "ServiceFailure",
            Self::InternalServiceError => "InternalServiceError",
            Self::InvalidNextToken => "InvalidNextTokenException",
            Self::InvalidParameter => "InvalidParameterException",
            Self::InvalidRequest => "InvalidRequestException",
            Self::LimitExceeded if query => "LimitExceeded",
            Self::LimitExceeded => "LimitExceededException",
            Self::MalformedPolicyDocument if query => "MalformedPolicyDocument",
            Self::MalformedPolicyDocument => "MalformedPolicyDocumentException",
            Self::PreconditionNotMet => "PreconditionNotMetException",
            Self::PublicPolicy => "PublicPolicyException",
            Self::ResourceExists => "ResourceExistsException",
            Self::ResourceNotFound => "ResourceNotFoundException",
            Self::DeleteConflict => "DeleteConflict",
            Self::EntityAlreadyExists => "EntityAlreadyExists",
            // The query form's own name; STS speaks no other, where this is an expired session's.
            Self::ExpiredIdentityToken if query => "ExpiredTokenException",
            Self::ExpiredIdentityToken => "ExpiredIdentityTokenException",
            Self::IdpCommunication => "IDPCommunicationError",
            Self::IdpRejectedClaim => "IDPRejectedClaim",
            Self::InvalidAuthorizationMessage => "InvalidAuthorizationMessageException",
            Self::InvalidIdentityToken => "InvalidIdentityToken",
            Self::InvalidInput => "InvalidInput",
            Self::NoSuchEntity => "NoSuchEntity",
            Self::PackedPolicyTooLarge => "PackedPolicyTooLarge",
            Self::PolicyNotAttachable => "PolicyNotAttachable",
            Self::UnmodifiableEntity => "UnmodifiableEntity",
            Self::AlreadyExists => "AlreadyExistsException",
            Self::CustomKeyStoreNotFound => "CustomKeyStoreNotFoundException",
            Self::Disabled => "DisabledException",
            Self::DryRunOperation => "DryRunOperationException",
            Self::ExpiredImportToken => "ExpiredImportTokenException",
            Self::IncorrectKey => "IncorrectKeyException",
            Self::IncorrectKeyMaterial => "IncorrectKeyMaterialException",
            Self::InvalidAliasName => "InvalidAliasNameException",
            Self::InvalidArn => "InvalidArnException",
            Self::InvalidCiphertext => "InvalidCiphertextException",
            Self::InvalidGrantId => "InvalidGrantIdException",
            Self::InvalidGrantToken => "InvalidGrantTokenException",
            Self::InvalidImportToken => "InvalidImportTokenException",
            Self::InvalidKeyUsage => "InvalidKeyUsageException",
            Self::InvalidMarker => "InvalidMarkerException",
            Self::KmsInvalidMac => "KMSInvalidMacException",
            Self::KmsInvalidSignature => "KMSInvalidSignatureException",
            Self::KmsInvalidState => "KMSInvalidStateException",
            Self::NotFound => "NotFoundException",
            Self::Tag => "TagException",
            Self::UnsupportedOperation => "UnsupportedOperationException",
            Self::AccessDenied if query => "AccessDenied",
            Self::AccessDenied => "AccessDeniedException",
            Self::ExpiredToken if query => "ExpiredToken",
            Self::ExpiredToken => "ExpiredTokenException",
            Self::IncompleteSignature if query => "IncompleteSignature",
            Self::IncompleteSignature => "IncompleteSignatureException",
            Self::InternalFailure => "InternalFailure",
            Self::InvalidClientToken if query => "InvalidClientTokenId",
            Self::InvalidClientToken => "UnrecognizedClientException",
            Self::InvalidSignature if query => "SignatureDoesNotMatch",
            Self::InvalidSignature => "InvalidSignatureException",
            Self::MalformedQueryString => "MalformedQueryString",
            Self::MissingAuthenticationToken if query => "MissingAuthenticationToken",
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::RequestEntityTooLarge => "RequestEntityTooLargeException",
            Self::Serialization if query => "MalformedInput",
            Self::Serialization => "SerializationException",
            Self::ServiceUnavailable => "ServiceUnavailable",
            Self::UnknownOperation if query => "InvalidAction",
            Self::UnknownOperation => "UnknownOperationException",
            Self::Validation if query => "ValidationError",
            Self::Validation => "ValidationException",
        }
    }

    /// HTTP status. AWS JSON answers 400 for every client error, recorded; the query protocol tells 403 apart.
    pub fn status(self, protocol: Protocol) -> u16 {
        let query = protocol == Protocol::Query;
        match self {
            Self::InternalServiceError | Self::InternalFailure => 500,
            Self::ServiceUnavailable => 503,
            Self::RequestEntityTooLarge => 413,
            Self::NoSuchEntity => 404,
            Self::DeleteConflict | Self::EntityAlreadyExists => 409,
            Self::LimitExceeded if query => 409,
            Self::IdpRejectedClaim => 403,
            Self::AccessDenied
            | Self::ExpiredToken
            | Self::InvalidClientToken
            | Self::InvalidSignature
            | Self::MissingAuthenticationToken
                if query =>
            {
                403
            }
            Self::DecryptionFailure
            | Self::EncryptionFailure
            | Self::InvalidNextToken
            | Self::InvalidParameter
            | Self::InvalidRequest
            | Self::LimitExceeded
            | Self::MalformedPolicyDocument
            | Self::PreconditionNotMet
            | Self::PublicPolicy
            | Self::ResourceExists
            | Self::ResourceNotFound
            | Self::ExpiredIdentityToken
            | Self::IdpCommunication
            | Self::InvalidAuthorizationMessage
            | Self::InvalidIdentityToken
            | Self::InvalidInput
            | Self::PackedPolicyTooLarge
            | Self::PolicyNotAttachable
            | Self::UnmodifiableEntity
            | Self::AlreadyExists
            | Self::CustomKeyStoreNotFound
            | Self::Disabled
            | Self::DryRunOperation
            | Self::ExpiredImportToken
            | Self::IncorrectKey
            | Self::IncorrectKeyMaterial
            | Self::InvalidAliasName
            | Self::InvalidArn
            | Self::InvalidCiphertext
            | Self::InvalidGrantId
            | Self::InvalidGrantToken
            | Self::InvalidImportToken
            | Self::InvalidKeyUsage
            | Self::InvalidMarker
            | Self::KmsInvalidMac
            | Self::KmsInvalidSignature
            | Self::KmsInvalidState
            | Self::NotFound
            | Self::Tag
            | Self::UnsupportedOperation
            | Self::AccessDenied
            | Self::ExpiredToken
            | Self::IncompleteSignature
            | Self::InvalidClientToken
            | Self::InvalidSignature
            | Self::MalformedQueryString
            | Self::MissingAuthenticationToken
            | Self::Serialization
            | Self::UnknownOperation
            | Self::Validation => 400,
        }
    }

    /// Whether the service model names it (then its member is `Message` with a capital, recorded).
    pub fn is_modelled(self) -> bool {
        match self {
            Self::DecryptionFailure
            | Self::EncryptionFailure
            | Self::InternalServiceError
            | Self::InvalidNextToken
            | Self::InvalidParameter
            | Self::InvalidRequest
            | Self::LimitExceeded
            | Self::MalformedPolicyDocument
            | Self::PreconditionNotMet
            | Self::PublicPolicy
            | Self::ResourceExists
            | Self::ResourceNotFound
            | Self::DeleteConflict
            | Self::EntityAlreadyExists
            | Self::ExpiredIdentityToken
            | Self::IdpCommunication
            | Self::IdpRejectedClaim
            | Self::InvalidAuthorizationMessage
            | Self::InvalidIdentityToken
            | Self::InvalidInput
            | Self::NoSuchEntity
            | Self::PackedPolicyTooLarge
            | Self::PolicyNotAttachable
            | Self::UnmodifiableEntity
            // Not modelled, but AWS writes its message with a capital, too.
            | Self::AccessDenied => true,
            // KMS's model writes the member small, recorded.
            Self::AlreadyExists
            | Self::CustomKeyStoreNotFound
            | Self::Disabled
            | Self::DryRunOperation
            | Self::ExpiredImportToken
            | Self::IncorrectKey
            | Self::IncorrectKeyMaterial
            | Self::InvalidAliasName
            | Self::InvalidArn
            | Self::InvalidCiphertext
            | Self::InvalidGrantId
            | Self::InvalidGrantToken
            | Self::InvalidImportToken
            | Self::InvalidKeyUsage
            | Self::InvalidMarker
            | Self::KmsInvalidMac
            | Self::KmsInvalidSignature
            | Self::KmsInvalidState
            | Self::NotFound
            | Self::Tag
            | Self::UnsupportedOperation
            | Self::ExpiredToken
            | Self::IncompleteSignature
            | Self::InternalFailure
            | Self::InvalidClientToken
            | Self::InvalidSignature
            | Self::MalformedQueryString
            | Self::MissingAuthenticationToken
            | Self::RequestEntityTooLarge
            | Self::Serialization
            | Self::ServiceUnavailable
            | Self::UnknownOperation
            | Self::Validation => false,
        }
    }

    /// Whether the server is to blame: such errors are logged with their source.
    pub fn is_servers(self) -> bool {
        self.status(Protocol::Json11) >= 500
    }
}

/// An answer that refuses.
pub struct ApiError {
    /// The code.
    pub code: ErrorCode,
    /// For the caller. Never holds a secret's value.
    pub message: Cow<'static, str>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ApiError {
    /// A refusal that is the caller's to mend.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), source: None }
    }

    /// `InvalidParameterException`.
    pub fn invalid_parameter(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidParameter, message)
    }

    /// `InvalidRequestException`.
    pub fn invalid_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidRequest, message)
    }

    /// `ValidationException`, the framework's refusal of a member.
    pub fn validation(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::Validation, message)
    }

    /// `ResourceNotFoundException`.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::ResourceNotFound, message)
    }

    /// `LimitExceeded`, of IAM.
    pub fn limit_exceeded(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::LimitExceeded, message)
    }

    /// A failure of the server's own. The caller learns nothing of it but that it happened.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let message = Cow::Borrowed("An error occurred on the server side.");
        Self { code: ErrorCode::InternalServiceError, message, source: Some(source.into()) }
    }

    /// What the operator's log says of it.
    pub fn source_text(&self) -> Option<String> {
        self.source.as_ref().map(ToString::to_string)
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.code, self.message)?;
        self.source.as_ref().map_or(Ok(()), |source| write!(f, " (source: {source})"))
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own() {
        for protocol in [Protocol::Json11, Protocol::Query] {
            let names: std::collections::BTreeSet<_> =
                ErrorCode::ALL.iter().map(|code| code.name(protocol)).collect();
            assert_eq!(names.len(), ErrorCode::ALL.len());
        }
    }

    #[test]
    fn the_source_is_for_the_log_only() {
        let error = ApiError::internal("disk at /var/lib on fire");
        assert!(!error.message.contains("fire"));
        assert!(error.source_text().unwrap().contains("fire"));
    }
}
