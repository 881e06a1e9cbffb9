//! Templates by the grammar: what they say makes sense more often than not.

mod expression;
mod reference;

use super::chance::Chance;

/// Variables, so few that they meet.
const VARIABLES: [&str; 6] = ["a", "b", "c", "i", "l", "m"];
/// Blocks and expressions inside one another, usually.
const DEPTH_USUAL: usize = 4;

pub(super) fn template(chance: &mut Chance) -> String {
    let mut writer = Writer { chance, out: String::new(), depth: 0 };
    if writer.chance.one_in(2) {
        writer.out.push_str("#set($l = [1, 'b', [2]])#set($m = {'a': 1, 'b': {'c': 'd'}})\n");
    }
    writer.block();
    writer.out
}

struct Writer<'c> {
    chance: &'c mut Chance,
    out: String,
    depth: usize,
}

impl Writer<'_> {
    fn say(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn say_one(&mut self, choices: &[&str]) {
        let chosen = self.chance.of(choices);
        self.out.push_str(chosen);
    }

    /// Whether what is written may hold more of its kind.
    fn deeper(&mut self) -> bool {
        self.depth < DEPTH_USUAL || (self.depth < 60 && self.chance.one_in(40))
    }

    fn block(&mut self) {
        self.depth += 1;
        for _ in 0..=self.chance.below(4) {
            self.piece();
        }
        self.depth -= 1;
    }

    fn piece(&mut self) {
        match self.chance.below(24) {
            0..=2 => self.text(),
            3..=8 => self.reference(),
            9..=12 => self.set(),
            13 | 14 if self.deeper() => self.condition(),
            15 | 16 if self.deeper() => self.foreach(),
            17 if self.deeper() => {
                self.say_one(&["#define($b)", "#define($d) ", "#macro(m $a)", "#{define}($b)"]);
                self.block();
                self.say("#end");
            }
            18 => self.say_one(&["## note\n", "#* note *#", "#**#", "#[[ $a #end ]]#", "##"]),
            19 => {
                self.say_one(&["#break", "#stop", "#{stop}", "#m('x')", "#evaluate(\"$a\")", "#include('x')", "#fff"]);
            }
            20 => self.say_one(&["\\$a", "\\\\$a", "\\#if", "\\\\#set($b = 1)", "\\#m", "\\"]),
            21 => self.override_of_context(),
            _ => self.say("\n"),
        }
    }

    fn text(&mut self) {
        self.say_one(&[
            "a",
            " ",
            "\n",
            "  \n",
            "{\"k\": ",
            "}",
            "$",
            "#",
            ".",
            "(",
            "[0]",
            "é",
            "\u{1f600}",
            "$5",
            "# ",
            "\r\n",
        ]);
    }

    fn set(&mut self) {
        self.say_one(&["#set($", "  #set($", "#set( $", "#{set}($", "#set(${"]);
        let formal = self.out.ends_with('{');
        self.variable();
        if self.chance.one_in(4) {
            self.say_one(&[".k", "['k']", "[0]", "[-1]", "[$i]", ".a.b"]);
        }
        self.say(if formal { "}" } else { "" });
        self.say_one(&[" = ", "=", " =\n"]);
        self.expression();
        self.say_one(&[")", " )", ")\n"]);
    }

    fn condition(&mut self) {
        self.say_one(&["#if(", "#if (", "#{if}("]);
        self.expression();
        self.say(")");
        self.block();
        for _ in 0..self.chance.below(3) {
            self.say("#elseif(");
            self.expression();
            self.say(")");
            self.block();
        }
        if self.chance.one_in(2) {
            self.say_one(&["#else", "#{else}", "#else\n"]);
            self.block();
        }
        self.say_one(&["#end", "#end\n", "#{end}"]);
    }

    fn foreach(&mut self) {
        self.say("#foreach($");
        self.variable();
        self.say(" in ");
        match self.chance.below(4) {
            0 => self.range(),
            1 => self.say_one(&[
                "$l",
                "$m",
                "$m.entrySet()",
                "$m.keySet()",
                "$input.path('$')",
                "$input.path('$.items')",
            ]),
            2 => self.list(),
            _ => self.parameter(),
        }
        self.say(")");
        self.block();
        if self.chance.one_in(3) {
            self.say_one(&[
                "$foreach.index",
                "$velocityCount",
                "#if($foreach.hasNext),#end",
                "$foreach.parent.count",
                "#break",
                "$foreach.topmost.first",
            ]);
        }
        self.say("#end");
    }

    fn override_of_context(&mut self) {
        self.say_one(&[
            "#set($context.requestOverride.header.x = ",
            "#set($context.requestOverride.path['p'] = ",
            "#set($context.requestOverride.querystring[$a] = ",
            "#set($context.responseOverride.status = ",
            "#set($context.responseOverride.header['x'] = ",
            "#set($context.responseOverride.own = ",
        ]);
        self.expression();
        self.say(")");
    }

    fn variable(&mut self) {
        self.say_one(&VARIABLES);
    }
}
