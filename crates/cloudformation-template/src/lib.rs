//! The CloudFormation template language, and nothing else: no resource type is known here and nothing is fetched.
//!
//! A text becomes a deployment in three steps, each of which says what it lacks instead of going to look for it:
//!
//! 1. [`Template::parse`] reads JSON or YAML; [`Template::summary`] says what it declares.
//! 2. [`Template::bind`] takes the caller's parameter values and gives [`Parameters`], or says which SSM parameters it needs.
//! 3. [`Template::instantiate`] applies transforms, checks rules and decides conditions: an [`Instance`] has the resources
//!    and outputs that exist, what each depends on, and resolves their expressions ([`Instance::resolve`]) from what is
//!    [`Known`] so far, or says everything it needs at once ([`Unresolved::Needs`]). [`Instance::plan`] resolves as far as
//!    possible, for change sets.
//!
//! Errors are CloudFormation's own sentences and know the template's line; [`Template::line_of`] knows a resource's.

mod document;
mod error;
mod expression;
mod graph;
mod instance;
pub mod limits;
mod parameters;
mod predicate;
mod pseudo;
mod resolve;
mod rules;
mod template;
mod transform;

pub use error::TemplateError;
pub use expression::Expression;
pub use instance::{Instance, Reference, ResolvedOutput};
pub use parameters::{
    BindError, Parameter, ParameterDeclaration, ParameterInputs, ParameterType, Parameters, Supplied,
};
pub use pseudo::PseudoParameters;
pub use resolve::{DynamicReference, KNOWN_AFTER_APPLY, Known, KnownResource, Need, Planned, StackOutput, Unresolved};
pub use template::{DeletionPolicy, Export, Output, Resource, Summary, Template};
