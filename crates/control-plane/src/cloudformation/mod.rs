//! AWS CloudFormation (`cloudformation`, version 2010-05-15): stacks, change sets, and the engine that carries them out.
//!
//! A call checks all that can be checked (`source`), writes down what is to be done, and hands the stack to the engine
//! (`engine`), which makes each resource by the operations that a caller would use (`types`). What the engine has done
//! stands in the store after every step. The template language itself is a crate of its own
//! (`claviger_cloudformation_template`); start there for what a template may say.

mod answers;
pub mod change_set;
mod engine;
mod errors;
mod lookups;
mod nested;
pub mod operations;
pub mod output_shapes;
mod outputs;
mod page;
mod plan;
pub mod shapes;
mod signals;
mod source;
pub mod stack;
pub mod stack_event;
pub mod stack_export;
pub mod stack_resource;
pub mod template;
mod types;

pub use answers::{ANSWER_BYTES_MAX, AnswerError, PATH as ANSWER_PATH};
pub use engine::{StackWorker, Stacks};
pub use errors::Error;
pub use signals::{PATH as SIGNAL_PATH, SIGNAL_BYTES_MAX, SignalError, take as take_signal};
