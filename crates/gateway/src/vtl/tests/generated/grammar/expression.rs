//! Values, and operators on them.

use super::Writer;

impl Writer<'_> {
    pub(super) fn expression(&mut self) {
        self.depth += 1;
        match self.chance.below(12) {
            0 | 1 if self.deeper() => {
                self.expression();
                self.say_one(&[
                    " + ", " - ", " * ", " / ", " % ", " == ", " != ", " < ", " <= ", " > ", " >= ", " && ", " || ",
                    " and ", " or ", " eq ", " ne ", " lt ", "+", "==", "-",
                ]);
                self.expression();
            }
            2 if self.deeper() => {
                self.say_one(&["!", "not ", "! "]);
                self.expression();
            }
            3 if self.deeper() => {
                self.say("(");
                self.expression();
                self.say(")");
            }
            4 => self.range(),
            _ => self.parameter(),
        }
        self.depth -= 1;
    }

    /// A value without operators.
    pub(super) fn parameter(&mut self) {
        self.depth += 1;
        match self.chance.below(14) {
            0..=2 => self.say_one(&[
                "0",
                "1",
                "2",
                "-1",
                "10",
                "1.5",
                "-.5",
                "1e3",
                "2147483647",
                "9223372036854775807",
                "-9223372036854775808",
                "1000000",
            ]),
            3..=5 => self.say_one(&[
                "''",
                "'a'",
                "'a b'",
                "'it''s'",
                "'(a)|b'",
                "'$1'",
                "'[a-z]+'",
                "'\\d'",
                "','",
                "'%s'",
                "'%5.2f'",
                "'é\u{1f600}'",
                "'{\"a\": [1]}'",
                "'\\\\'",
                "'x*'",
                "'%zz'",
            ]),
            6 => self.say_one(&["true", "false", "null"]),
            7 => self.interpolated(),
            8 if self.deeper() => self.list(),
            9 if self.deeper() => self.map(),
            10 if self.deeper() => self.range(),
            _ if self.depth < 60 => self.reference(),
            _ => self.say("1"),
        }
        self.depth -= 1;
    }

    fn interpolated(&mut self) {
        self.say("\"");
        let start = self.out.len();
        self.say_one(&["", "a ", "$", "\\u0041", "\\", "#"]);
        for _ in 0..self.chance.below(3) {
            if self.deeper() && self.chance.one_in(6) { self.piece() } else { self.reference() }
        }
        let inner = self.out.split_off(start).replace('"', "\"\"");
        self.say(&inner);
        self.say("\"");
    }

    pub(super) fn list(&mut self) {
        self.say("[");
        for index in 0..self.chance.below(4) {
            self.say(if index > 0 { ", " } else { "" });
            self.parameter();
        }
        self.say("]");
    }

    fn map(&mut self) {
        self.say("{");
        for index in 0..self.chance.below(3) {
            self.say(if index > 0 { ", " } else { "" });
            self.parameter();
            self.say(": ");
            self.parameter();
        }
        self.say("}");
    }

    pub(super) fn range(&mut self) {
        self.say("[");
        self.say_one(&["0", "1", "-3", "$i", "$a", "$l.size()"]);
        self.say("..");
        self.say_one(&["2", "5", "-1", "200", "1500", "$b", "$l.size()", "2000000000"]);
        self.say("]");
    }
}
