//! How tables are written: const functions that build shapes, members and operations.

use super::{Binding, Kind, Member, OperationShape, Pattern, Shape};

impl Shape {
    const fn new(kind: Kind) -> Self {
        Self { kind, min: None, max: None, pattern: None, values: &[], sensitive: false }
    }

    /// The same shape with a least length, size or value.
    #[must_use]
    pub const fn min(mut self, min: i64) -> Self {
        self.min = Some(min);
        self
    }

    /// The same shape with a greatest length, size or value.
    #[must_use]
    pub const fn max(mut self, max: i64) -> Self {
        self.max = Some(max);
        self
    }

    /// The same shape with a pattern the whole text must match.
    #[must_use]
    pub const fn pattern(mut self, pattern: &'static Pattern) -> Self {
        self.pattern = Some(pattern);
        self
    }

    /// The same shape, hidden from messages and logs.
    #[must_use]
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }
}

/// `true` or `false`.
pub const fn boolean() -> Shape {
    Shape::new(Kind::Boolean)
}

/// A whole number of 32 bits.
pub const fn integer() -> Shape {
    Shape::new(Kind::Integer)
}

/// A whole number of 64 bits.
pub const fn long() -> Shape {
    Shape::new(Kind::Long)
}

/// A number.
pub const fn double() -> Shape {
    Shape::new(Kind::Double)
}

/// A moment.
pub const fn timestamp() -> Shape {
    Shape::new(Kind::Timestamp)
}

/// Bytes.
pub const fn blob() -> Shape {
    Shape::new(Kind::Blob)
}

/// A text.
pub const fn string() -> Shape {
    Shape::new(Kind::String)
}

/// A text of a closed set.
pub const fn one_of(values: &'static [&'static str]) -> Shape {
    let mut shape = string();
    shape.values = values;
    shape
}

/// Any JSON value.
pub const fn document() -> Shape {
    Shape::new(Kind::Document)
}

/// A list of elements of one shape.
pub const fn list(element: &'static Shape) -> Shape {
    Shape::new(Kind::List(element))
}

/// A map from texts to values of one shape.
pub const fn map(key: &'static Shape, value: &'static Shape) -> Shape {
    Shape::new(Kind::Map(key, value))
}

/// An object with named members.
pub const fn structure(members: &'static [Member]) -> Shape {
    Shape::new(Kind::Structure(members))
}

/// A member that must be there.
pub const fn required(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, key: name, shape, required: true, binding: Binding::Body }
}

/// A member that may be left out.
pub const fn optional(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, key: name, shape, required: false, binding: Binding::Body }
}

impl Member {
    /// The same member under another key: its wire name.
    #[must_use]
    pub const fn key(mut self, key: &'static str) -> Self {
        self.key = key;
        self
    }

    /// The same member, in the body under this name although another member has that name as its key.
    #[must_use]
    pub const fn body_as(mut self, wire: &'static str) -> Self {
        self.binding = Binding::BodyAs(wire);
        self
    }

    /// The same member, in the path.
    #[must_use]
    pub const fn label(mut self) -> Self {
        self.binding = Binding::Label;
        self
    }

    /// The same member, in the query under this name.
    #[must_use]
    pub const fn query(mut self, wire: &'static str) -> Self {
        self.binding = Binding::Query(wire);
        self
    }

    /// The same member, taking every query parameter that no other member names.
    #[must_use]
    pub const fn query_rest(mut self) -> Self {
        self.binding = Binding::QueryRest;
        self
    }

    /// The same member, in this header.
    #[must_use]
    pub const fn header(mut self, wire: &'static str) -> Self {
        self.binding = Binding::Header(wire);
        self
    }

    /// The same member, as the whole body.
    #[must_use]
    pub const fn payload(mut self) -> Self {
        self.binding = Binding::Payload;
        self
    }
}

/// A row of an awsJson service's table.
pub const fn operation(name: &'static str, input: &'static Shape) -> OperationShape {
    OperationShape { name, input, signed: true }
}

impl OperationShape {
    /// The same operation, open to callers without a signature.
    #[must_use]
    pub const fn unsigned(mut self) -> Self {
        self.signed = false;
        self
    }
}
