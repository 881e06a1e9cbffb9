//! Expressions: literals, operators and conditions.

use super::*;

#[track_caller]
fn value(expression: &str, expected: &str) {
    check(&format!("#set($v = {expression})$v"), expected);
}

/// The value is Java's null, so the variable keeps what it had.
#[track_caller]
fn no_value(expression: &str) {
    check(&format!("#set($v = 'kept')#set($v = {expression})$v"), "kept");
}

#[track_caller]
fn condition(condition: &str, holds: bool) {
    check(&format!("#if({condition})yes#{{else}}no#end"), if holds { "yes" } else { "no" });
}

#[test]
fn literals() {
    value("1", "1");
    value("-1", "-1");
    value("9223372036854775807", "9223372036854775807");
    value("1.5", "1.5");
    value("1.", "1.0");
    value(".5", "0.5");
    value("-.5", "-0.5");
    value("1e3", "1000.0");
    value("1.5E-2", "0.015");
    value("1e10", "1.0E10");
    value("true", "true");
    value("false", "false");
    value("'a'", "a");
    value("\"a\"", "a");
    value("''", "");
    value("[]", "[]");
    value("[ 1 , 'a' , [2] ]", "[1, a, [2]]");
    value("{}", "{}");
    value("{ }", "{}");
    value("{ 'a' : 1 , \"b\" : [true] }", "{a=1, b=[true]}");
    value("{'a': {'b': 'c'}}", "{a={b=c}}");
    value("[1..3]", "[1, 2, 3]");
    value("[3..1]", "[3, 2, 1]");
    value("[ -1 .. 1 ]", "[-1, 0, 1]");
    value("[1, $nothing]", "[1, ]");
}

#[test]
fn strings_interpolate_in_double_quotes() {
    check("#set($a = 'x')#set($b = \"$a-${a}y $a.length()\")$b", "xy 1");
    check("#set($a = 'x')#set($b = \"${a}-${a}y $a.length()\")$b", "x-xy 1");
    check("#set($a = 'x')#set($b = '$a')$b", "$a");
    check("#set($a = 'x')#set($b = \"\\$a\")$b", "$a");
    check("#set($b = \"#if(true)a#{else}b#end\")$b", "a");
    check("#set($b = \"#foreach($x in [1,2])$x,#end\")$b", "1,2,");
    check("#set($b = \"$5 # $\")$b", "$5 # $");
    check("#set($b = \"<$nothing>\")$b", "<>");
    check("#set($b = \"a ## c\")$b", "a ");
    check("#set($b = \"\")#set($c = \"#*x*#\")$b$c.", ".");
    check("#set($a = {'k': 'v'})#set($b = \"$a['k'] $a.get('k') $a.get(\"\"k\"\")\")$b", "v v v");
    check("$input.path(\"$.name\")", "Ada");
    check("#set($k = 'name')$input.path(\"$.$k\")", "Ada");
}

#[test]
fn arithmetic_is_javas() {
    value("1 + 2", "3");
    value("5 - 7", "-2");
    value("3 * 4", "12");
    value("7 / 2", "3");
    value("-7 / 2", "-3");
    value("7 % 3", "1");
    value("-7 % 3", "-1");
    value("7.0 / 2", "3.5");
    value("100.0 / 50", "2.0");
    value(".5*.1", "0.05");
    value("7.5 % 2", "1.5");
    value("1 + 2 * 3", "7");
    value("2 * 3 + 1", "7");
    value("10 - 2 - 3", "5");
    value("(1 + 2) * 3", "9");
    value("( ( 1 ) )", "1");
    value("5 * 4 - 2", "18");
    value("1+ 2", "3");
    value("2*3", "6");
    check("#set($a = 5)#set($b = $a + 4)$b", "9");
    check("#set($a = 5)#set($b = $a - 1)$b", "4");
    check("#set($a = $input.path('$.age') + 1)$a", "37");
    check("#set($a = $input.path('$.score') * 2)$a", "3.0");
}

#[test]
fn what_velocity_only_logs_gives_no_value() {
    no_value("1 / 0");
    no_value("1 % 0");
    no_value("1.0 / 0");
    no_value("'a' - 'b'");
    no_value("'a' * 2");
    no_value("[1] + [2]");
    no_value("true + true");
    check("#set($a = 'x')#set($v = 'kept')#set($v = [1..$a])$v", "kept");
}

#[test]
fn plus_joins_texts() {
    value("'a' + 'b'", "ab");
    value("'a' + 1", "a1");
    value("1 + 'a'", "1a");
    value("1 + 2 + 'a'", "3a");
    value("'a' + 1 + 2", "a12");
    value("'a' + true", "atrue");
    value("'a' + [1, 2]", "a[1, 2]");
    value("'a' + $nothing", "a");
    value("\"a\" + 1.0", "a1.0");
}

#[test]
fn integers_do_not_wrap_around() {
    for (expression, operator) in [
        ("9223372036854775807 + 1", "`+`"),
        ("-9223372036854775808 - 1", "`-`"),
        ("9223372036854775807 * 2", "`*`"),
        ("-9223372036854775808 / -1", "`/`"),
    ] {
        check_render_error(&format!("#set($v = {expression})"), 1, expression_column(expression), operator);
    }
    check_parse_error("#set($v = 9223372036854775808)", 1, 11, "at most 64 bits");
}

fn expression_column(expression: &str) -> u32 {
    let operator = expression.find(' ').unwrap() + 1;
    11 + u32::try_from(operator).unwrap()
}

#[test]
fn a_minus_before_a_digit_belongs_to_the_number() {
    check_parse_error("#set($a = 3 -1)", 1, 13, "write `- 1`");
    check_parse_error("#set($a = 3-1)", 1, 12, "write `- 1`");
    check("#set($a = 3 - 1)$a", "2");
    check("#set($a = 3 - -1)$a", "4");
    check("#set($a = 3)#set($b = $a-1)$b.", ".");
}

#[test]
fn comparisons() {
    for (expression, holds) in [
        ("1 == 1", true),
        ("1 == 2", false),
        ("1 == 1.0", true),
        ("1 != 2", true),
        ("1 < 2", true),
        ("2 < 2", false),
        ("2 <= 2", true),
        ("3 > 2", true),
        ("2 >= 3", false),
        ("1.5 > 1", true),
        ("1 eq 1", true),
        ("1 ne 1", false),
        ("1 lt 2", true),
        ("2 le 2", true),
        ("2 gt 1", true),
        ("1 ge 2", false),
        ("1==1", true),
        ("'a' == 'a'", true),
        ("'a' == 'A'", false),
        ("'a' != 'b'", true),
        ("'1' == 1", true),
        ("1 == '1.0'", false),
        ("true == 'true'", true),
        ("true == true", true),
        ("true != false", true),
        ("'a' < 'b'", false),
        ("'a' > 'b'", false),
        ("'2' > 1", false),
        ("[1, 2] == [1, 2]", true),
        ("[1, 2] == [1, 3]", false),
        ("[1] == [1.0]", false),
        ("{'a': 1} == {'a': 1}", true),
        ("{'a': 1} == {'b': 1}", false),
        ("[1] == '[1]'", true),
        ("$nothing == ''", true),
        ("$nothing == $null", true),
        ("$nothing != ''", false),
        ("$nothing == 0", false),
        ("$input.path('$.nothing') == ''", true),
        ("$input.path('$.missing') == $null", true),
        ("$input.path('$.empty') == ''", true),
        ("$input.path('$.name') == 'Ada'", true),
        ("$input.path('$.age') == 36", true),
        ("$input.path('$.age') == '36'", true),
        ("$input.path('$.admin') == true", true),
    ] {
        condition(expression, holds);
    }
}

#[test]
fn logic() {
    for (expression, holds) in [
        ("true && true", true),
        ("true && false", false),
        ("false || true", true),
        ("false || false", false),
        ("true and false", false),
        ("false or true", true),
        ("!true", false),
        ("! false", true),
        ("not false", true),
        ("!!true", true),
        ("not not true", true),
        ("!(true && false)", true),
        ("true || false && false", true),
        ("(true || false) && false", false),
        ("1 == 1 && 2 == 2", true),
        ("1 == 1 and not (2 == 3)", true),
        ("1 + 1 == 2", true),
        ("4 > 2 + 5", false),
        ("1 < 2 == true", true),
        ("! 1 == 2", false),
    ] {
        condition(expression, holds);
    }
    value("true && false", "false");
    value("!false", "true");
    value("5 + 4 > 2", "true");
    value("(5 + 4) > 2", "true");
}

#[test]
fn logic_does_not_look_further_than_it_must() {
    check("#set($l = [])#if(true || $l.get(9))a#end#if(false && $l.get(9))b#end", "a");
}

#[test]
fn a_reference_holds_unless_it_is_false() {
    for (expression, holds) in [
        ("$input.path('$.name')", true),
        ("$input.path('$.admin')", true),
        ("$input.path('$.banned')", false),
        ("$input.path('$.empty')", true),
        ("$input.path('$.nothing')", true),
        ("$input.path('$.missing')", true),
        ("$nothing", true),
        ("!$nothing", false),
        ("${nothing}", true),
        ("$!nothing", true),
        ("$nothing.deeper", true),
        ("$input.params('missing')", true),
        ("$input.params('missing') && $input.params('missing') != ''", false),
        ("($input.path('$.banned'))", false),
    ] {
        condition(expression, holds);
    }
}

#[test]
fn no_literal_but_true_holds() {
    for expression in ["false", "1", "0", "'text'", "\"\"", "[1]", "{}", "1 + 1"] {
        condition(expression, false);
    }
    condition("true", true);
}

#[test]
fn assignments_reach_into_lists_and_maps() {
    check("#set($m = {})#set($m.a = 1)#set($m['b'] = 2)#set($k = 'c')#set($m[$k] = 3)$m", "{a=1, b=2, c=3}");
    check("#set($m = {'a': {}})#set($m.a.b = 1)$m", "{a={b=1}}");
    check("#set($l = ['one', 'two'])#set($l[1] = 'x')#set($l[-2] = 'y')$l", "[y, x]");
    check("#set($l = [{}])#set($l[0].a = 1)$l", "[{a=1}]");
    check("#set($m = {})#set($n = $m)#set($n.a = 1)$m", "{a=1}");
    check("#set($nothing.a = 1)$nothing", "");
    check("#set($s = 'x')#set($s.a = 1)$s", "x");
    check("#set($m = {})#set($m.get('a') = 1)$m", "{}");
    check("#set($input = 1)$input", "1");
    check_render_error("#set($l = [1])\n#set($l[1] = 2)", 2, 6, "index 1 is out of bounds for length 1");
}

#[test]
fn indexes() {
    check("#set($l = ['a', 'b'])$l[0]$l[ 1 ]$l[-1]", "abb");
    check("#set($l = [['a'], ['b']])$l[1][0]", "b");
    check("#set($i = 1)#set($l = ['a', 'b'])$l[$i]", "b");
    check("#set($m = {'a b': 1})$m['a b']$m[\"a b\"]", "11");
    check("#set($m = {'true': 1, '1': 2})$m[true]$m[1]", "12");
    check("#set($l = ['a'])$l['0'].", ".");
    check("$input.path('$').address.lines[1].no", "2");
    check_render_error("#set($l = [1])$l[1]", 1, 15, "index 1 is out of bounds for length 1");
    check_render_error("#set($l = [1])$l[-2]", 1, 15, "index -2 is out of bounds for length 1");
}

#[test]
fn null_is_a_word_and_words_are_only_arguments() {
    check("#set($m = {})#set($x = $m.put('k', word-1))$m.containsKey('k')$m", "true{k=null}");
    check("#set($m = {'name': 'n'})$m.name(admin)|", "|");
    check_parse_error("#set($a = [null])", 1, 12, "no `null` here");
    check_parse_error("#set($a = {'k': null})", 1, 17, "no `null` here");
    check("#set($m = {})#set($x = $m.put('k', null))#if(\"$m.k\" == '')none#end", "none");
    check_parse_error("#set($a = null)", 1, 11, "no `null` here");
    check_parse_error("#if($a == null)x#end", 1, 11, "no `null` here");
}

#[test]
fn says_what_is_wrong_in_an_expression() {
    check_parse_error("#set($a = 1 +)", 1, 14, "a reference");
    check_parse_error("#set($a = 1 2)", 1, 13, "an operator or `)`");
    check_parse_error("#set($a = (1)", 1, 14, "an operator or `)`");
    check_parse_error("#set($a = [1 2])", 1, 14, "`,` or `]`");
    check_parse_error("#set($a = [1 + 2])", 1, 14, "no operators in lists");
    check_parse_error("#set($a = [1,])", 1, 14, "a reference");
    check_parse_error("#set($a = [1..'x'])", 1, 18, "a range of integers");
    check_parse_error("#set($a = {'a' 1})", 1, 16, "`:`");
    check_parse_error("#set($a = {'a': 1 'b': 2})", 1, 19, "`,` or `}`");
    check_parse_error("#set($a = {'a': 1 + 1})", 1, 19, "no operators in maps");
    check_parse_error("#set($a = word)", 1, 11, "a reference");
    check_parse_error("#set($a = truely)", 1, 11, "a reference");
    check_parse_error("#set($a = 1 andthen 2)", 1, 13, "an operator");
    check_parse_error("#set($a = -)", 1, 11, "a reference");
    check_parse_error("#set($a = .)", 1, 11, "a reference");
    check_parse_error("#set($a = $)", 1, 11, "a reference");
    check_parse_error("#set($a =\n\n  = 1)", 3, 3, "a reference");
}
