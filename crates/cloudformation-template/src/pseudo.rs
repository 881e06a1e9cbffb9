//! The parameters that every template has: `AWS::Region` and its like.

use serde_json::Value;

/// What the pseudo parameters stand for in one stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PseudoParameters {
    /// `AWS::AccountId`.
    pub account_id: String,
    /// `AWS::Region`.
    pub region: String,
    /// `AWS::Partition`.
    pub partition: String,
    /// `AWS::URLSuffix`.
    pub url_suffix: String,
    /// `AWS::StackName`.
    pub stack_name: String,
    /// `AWS::StackId`.
    pub stack_id: String,
    /// `AWS::NotificationARNs`.
    pub notification_arns: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pseudo {
    AccountId,
    NoValue,
    NotificationArns,
    Partition,
    Region,
    StackId,
    StackName,
    UrlSuffix,
}

impl Pseudo {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "AWS::AccountId" => Self::AccountId,
            "AWS::NoValue" => Self::NoValue,
            "AWS::NotificationARNs" => Self::NotificationArns,
            "AWS::Partition" => Self::Partition,
            "AWS::Region" => Self::Region,
            "AWS::StackId" => Self::StackId,
            "AWS::StackName" => Self::StackName,
            "AWS::URLSuffix" => Self::UrlSuffix,
            _ => return None,
        })
    }
}

impl PseudoParameters {
    /// The value; nothing for `AWS::NoValue`.
    pub(crate) fn value(&self, pseudo: Pseudo) -> Option<Value> {
        Some(match pseudo {
            Pseudo::AccountId => self.account_id.as_str().into(),
            Pseudo::NoValue => return None,
            Pseudo::NotificationArns => self.notification_arns.clone().into(),
            Pseudo::Partition => self.partition.as_str().into(),
            Pseudo::Region => self.region.as_str().into(),
            Pseudo::StackId => self.stack_id.as_str().into(),
            Pseudo::StackName => self.stack_name.as_str().into(),
            Pseudo::UrlSuffix => self.url_suffix.as_str().into(),
        })
    }
}
