//! What bounds a template. See "Understand CloudFormation quotas" in AWS's documentation for those that are AWS's.

/// Bytes of a template that travels inside the request.
pub const TEMPLATE_BODY_BYTES_MAX: usize = 51_200;
/// Bytes of a template in a bucket.
pub const TEMPLATE_BYTES_MAX: usize = 1_000_000;
/// Resources of a template.
pub const RESOURCES_MAX: usize = 500;
/// Parameters of a template.
pub const PARAMETERS_MAX: usize = 200;
/// Outputs of a template.
pub const OUTPUTS_MAX: usize = 200;
/// Mappings of a template.
pub const MAPPINGS_MAX: usize = 200;
/// Attributes of a mapping's key.
pub const MAPPING_ATTRIBUTES_MAX: usize = 200;
/// Bytes of a template's description.
pub const DESCRIPTION_BYTES_MAX: usize = 1024;
/// Characters of the name of a resource, a parameter, an output or a mapping.
pub const NAME_CHARACTERS_MAX: usize = 255;
/// Bytes of a parameter's value.
pub const PARAMETER_VALUE_BYTES_MAX: usize = 4096;

/// Values inside one another, in the text and in what transforms make of it. AWS does not say its own limit.
pub(crate) const DEPTH_MAX: usize = 64;
/// Values of a template, those that transforms make included.
pub(crate) const NODES_MAX: usize = 200_000;
/// Bytes that resolving one expression may make: few bytes that refer to long parameters must not fill the memory.
pub(crate) const RESOLVED_BYTES_MAX: usize = 16 * TEMPLATE_BYTES_MAX;
