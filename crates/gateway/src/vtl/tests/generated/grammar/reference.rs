//! References: what they begin with, and the properties, indexes and methods after it.

use super::super::bodies::NAMES;
use super::Writer;

impl Writer<'_> {
    pub(super) fn reference(&mut self) {
        self.say_one(&["$", "$!", "${", "$!{"]);
        let formal = self.out.ends_with('{');
        match self.chance.below(10) {
            0 | 1 => self.host(),
            2 => self.say_one(&["foreach", "velocityCount", "none", "context", "input", "util", "stageVariables"]),
            _ => self.variable(),
        }
        for _ in 0..self.chance.below(4) {
            self.step();
        }
        if formal {
            self.say("}");
        }
    }

    /// What API Gateway gives a template.
    fn host(&mut self) {
        match self.chance.below(8) {
            0 => self.say("input.body"),
            1 | 2 => self.path(),
            3 => {
                self.say_one(&[
                    "input.params()",
                    "input.params('id')",
                    "input.params().header",
                    "input.params('page')",
                ]);
            }
            4 => self.say_one(&["context.stage", "context.identity.sourceIp", "context.authorizer.claims.scope"]),
            5 => self.say_one(&["stageVariables.colour", "stageVariables['colour']", "context.requestOverride"]),
            _ => {
                self.say("util.");
                self.say_one(&[
                    "escapeJavaScript(",
                    "parseJson(",
                    "urlEncode(",
                    "urlDecode(",
                    "base64Encode(",
                    "base64Decode(",
                ]);
                self.parameter();
                self.say(")");
            }
        }
    }

    fn path(&mut self) {
        self.say_one(&["input.path('", "input.json('"]);
        self.say_one(&["$", "$", ""]);
        for _ in 0..self.chance.below(4) {
            match self.chance.below(6) {
                0 => self.say_one(&[
                    "[0]",
                    "[-1]",
                    "[*]",
                    "[0,1]",
                    "[1:]",
                    "[:2]",
                    "[?(@.a)]",
                    "[?(@.a > 1)]",
                    "[?(@ == ''a'')]",
                ]),
                1 => self.say_one(&["..a", "..*", "..", ".*", ".length()", "[''a'']", "[''a'',''b'']"]),
                _ => {
                    self.say(".");
                    self.say_one(&NAMES);
                }
            }
        }
        self.say("')");
    }

    fn step(&mut self) {
        match self.chance.below(5) {
            0 => self.say_one(&[".a", ".b", ".key", ".value", ".empty", ".size", ".class"]),
            1 => {
                self.say("[");
                if self.chance.one_in(2) {
                    self.say_one(&["0", "1", "-1", "'a'", "$i", "9", "\"$a\"", "true"]);
                } else {
                    self.reference();
                }
                self.say("]");
            }
            _ => self.method(),
        }
    }

    fn method(&mut self) {
        let (name, most) = self.chance.of(&METHODS);
        self.say(".");
        self.say(name);
        self.say("(");
        let arguments = if self.chance.one_in(12) { self.chance.below(4) } else { most };
        for index in 0..arguments {
            if index > 0 {
                self.say(", ");
            }
            self.parameter();
        }
        self.say(")");
    }
}

/// Methods of all kinds of values, each with how many arguments it takes.
#[rustfmt::skip]
const METHODS: [(&str, usize); 62] = [
    ("add", 1),
    ("addAll", 1),
    ("charAt", 1),
    ("clear", 0),
    ("compareTo", 1),
    ("concat", 1),
    ("contains", 1),
    ("containsAll", 1),
    ("containsKey", 1),
    ("containsValue", 1),
    ("doubleValue", 0),
    ("endsWith", 1),
    ("entrySet", 0),
    ("equals", 1),
    ("equalsIgnoreCase", 1),
    ("format", 2),
    ("get", 1),
    ("getKey", 0),
    ("getOrDefault", 2),
    ("getValue", 0),
    ("hasNext", 0),
    ("hashCode", 0),
    ("indexOf", 1),
    ("indexOf", 2),
    ("intValue", 0),
    ("isEmpty", 0),
    ("keySet", 0),
    ("lastIndexOf", 1),
    ("lastIndexOf", 2),
    ("length", 0),
    ("matches", 1),
    ("max", 2),
    ("nosuch", 1),
    ("parseDouble", 1),
    ("parseInt", 1),
    ("parseInt", 2),
    ("put", 2),
    ("putAll", 1),
    ("putIfAbsent", 2),
    ("remove", 1),
    ("replace", 2),
    ("replaceAll", 2),
    ("replaceFirst", 2),
    ("set", 2),
    ("size", 0),
    ("split", 1),
    ("split", 2),
    ("startsWith", 1),
    ("startsWith", 2),
    ("subList", 2),
    ("subSequence", 2),
    ("substring", 1),
    ("substring", 2),
    ("toArray", 0),
    ("toCharArray", 0),
    ("toLowerCase", 0),
    ("toString", 0),
    ("toUpperCase", 0),
    ("trim", 0),
    ("valueOf", 1),
    ("values", 0),
    ("toHexString", 1),
];
