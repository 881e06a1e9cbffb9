//! Methods of strings, lists, maps and numbers.

use super::*;

/// The result of a method of a string.
#[track_caller]
fn string(text: &str, call: &str, expected: &str) {
    check(&format!("#set($s = '{text}')$s.{call}"), expected);
}

#[track_caller]
fn string_error(text: &str, call: &str, contains: &str) {
    let template = format!("#set($s = '{text}')$s.{call}");
    let column = u32::try_from(template.find(")$s.").unwrap()).unwrap() + 2;
    check_render_error(&template, 1, column, contains);
}

#[track_caller]
fn list(call: &str, result: &str, after: &str) {
    check(&format!("#set($l = ['a', 'b', 'a'])#set($r = $l.{call})$r $l"), &format!("{result} {after}"));
}

#[track_caller]
fn map(call: &str, result: &str, after: &str) {
    check(&format!("#set($m = {{'a': 1, 'b': 2}})#set($r = $m.{call})$r $m"), &format!("{result} {after}"));
}

#[track_caller]
fn number(number: &str, call: &str, expected: &str) {
    check(&format!("#set($n = {number})$n.{call}"), expected);
}

#[test]
fn strings_are_asked() {
    string("abc", "length()", "3");
    string("", "length()", "0");
    string("héllo", "length()", "5");
    string("\u{1f600}", "length()", "2");
    string("", "isEmpty()", "true");
    string("a", "isEmpty()", "false");
    string("", "empty", "true");
    string("abc", "contains('bc')", "true");
    string("abc", "contains('x')", "false");
    string("abc", "equals('abc')", "true");
    string("1", "equals(1)", "false");
    string("abc", "equalsIgnoreCase('ABC')", "true");
    string("É", "equalsIgnoreCase('é')", "true");
    string("abc", "equalsIgnoreCase('abd')", "false");
    string("abc", "startsWith('ab')", "true");
    string("abc", "startsWith('b', 1)", "true");
    string("abc", "startsWith('b', 9)", "false");
    string("abc", "endsWith('bc')", "true");
    string("abcb", "indexOf('b')", "1");
    string("abcb", "indexOf('b', 2)", "3");
    string("abcb", "indexOf('x')", "-1");
    string("abcb", "indexOf('b', -5)", "1");
    string("abcb", "indexOf('b', 99)", "-1");
    string("abcb", "indexOf('')", "0");
    string("abcb", "indexOf(98)", "1");
    string("\u{1f600}é", "indexOf('é')", "2");
    string("abcb", "lastIndexOf('b')", "3");
    string("abcb", "lastIndexOf('b', 2)", "1");
    string("abcb", "lastIndexOf('b', -1)", "-1");
    string("éaéa", "lastIndexOf('a')", "3");
    string("abc", "compareTo('abd')", "-1");
    string("abc", "compareTo('ab')", "1");
    string("abc", "compareToIgnoreCase('ABC')", "0");
    string("123456789", "matches('[0-9]*')", "true");
    string("d123", "matches('[0-9]*')", "false");
    string("2020-01-20T08:00:00.000Z", r"matches('^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:00\.000Z$')", "true");
}

#[test]
fn strings_are_cut_and_joined() {
    string("something", "substring(3, 6)", "eth");
    string("something", "substring(4)", "thing");
    string("abc", "substring(3)", "");
    string("abc", "substring(1, 1)", "");
    string("héllo", "substring(1, 3)", "él");
    string("a\u{1f600}b", "substring(3)", "b");
    string("a\u{1f600}b", "substring(0, 2)", "a\u{fffd}");
    string("abc", "charAt(1)", "b");
    string("abc", "concat('d')", "abcd");
    string("  a b\t", "trim()", "a b");
    string("aBÉ", "toLowerCase()", "abé");
    string("aBé", "toUpperCase()", "ABÉ");
    string("abab", "replace('ab', 'x')", "xx");
    string("a.b", "replace('.', '-')", "a-b");
    string("ab", "replace('', '-')", "-a-b-");
    string("foobar123bab", "replaceAll('ba.', 'foo')", "foofoo123foo");
    string("a1b22", r"replaceAll('(\d+)', '<$1>')", "a<1>b<22>");
    string("aaa", "replaceFirst('a', 'b')", "baa");
    string("a,b,,", "split(',')", "[a, b]");
    string("a,b,,", "split(',', -1)", "[a, b, , ]");
    string("a b  c", r"split('\s+').size()", "3");
    string("a,b", "split(',').get(1)", "b");
    string("a,b", "split(',')[0]", "a");
    string("abc", "toString()", "abc");
    string("abc", "toCharArray()", "[a, b, c]");
    string("", "valueOf(5).concat('x')", "5x");
    check(r#"$util.escapeJavaScript("it's").replaceAll("\\'", "'")"#, "it's");
    check("#set($p = '[ab]')#set($s = 'cab')$s.replaceAll($p, '-')", "c--");
}

#[test]
fn strings_are_formatted() {
    string("", "format('%s-%d-%s', 'a', 5, true)", "a-5-true");
    string("", "format('%05d|%-4d|%4d|%+d|%,d', 42, 42, 42, 42, 1234567)", "00042|42  |  42|+42|1,234,567");
    string("", "format('%.2f|%8.3f|%f', 1.005, 3.14159, 2.0)", "1.01|   3.142|2.000000");
    string("", "format('%5s|%-5s|%.2s|%S', 'ab', 'ab', 'abc', 'ab')", "   ab|ab   |ab|AB");
    string("", "format('%x %X %o %c %b %% %n', 255, 255, 8, 'z', true)", "ff FF 10 z true % \n");
    string("", "format('%05d', -42)", "-0042");
    string("", "format('plain')", "plain");
    string_error("", "format('%s')", "more conversions than values");
    string_error("", "format('%d', 'a')", "`%d` does not fit its value");
    string_error("", "format('%q', 'a')", "`%q` is not supported");
    string_error("", "format('%9999s', 'a')", "above 1000");
    string_error("", "format('%')", "`%` stands last");
}

#[test]
fn wrong_places_are_errors() {
    string_error("abc", "substring(4)", "index 4 is out of bounds for length 4");
    string_error("abc", "substring(2, 1)", "index 2 is out of bounds");
    string_error("abc", "substring(0, 9)", "index 9 is out of bounds");
    string_error("abc", "substring(-1)", "index -1 is out of bounds");
    string_error("abc", "charAt(3)", "index 3 is out of bounds for length 3");
    string_error("abc", "replaceAll('(', 'x')", "malformed");
    string_error("abc", "replaceAll('(?=a)', 'x')", "looks ahead");
    string_error("abc", "replaceAll('a', '$1')", "names no group");
    check_render_error("#set($l = ['a'])\n $l.get(1)", 2, 2, "`get`: index 1 is out of bounds for length 1");
    check_render_error("#set($n = 0)$n.parseInt('x')", 1, 13, "`parseInt`: the text is not a number");
}

#[test]
fn what_does_not_exist_is_nothing() {
    string("abc", "nothing()", "");
    string("abc", "length", "");
    string("abc", "contains(5)", "");
    string("abc", "substring('a')", "");
    string("abc", "getClass()", "");
    string("abc", "class", "");
    string("abc", "getClass().forName('java.lang.Runtime')", "");
    string("abc", "class.name", "");
    string("abc", "replaceAll(1, 'x')", "");
    list("getClass()", "", "[a, b, a]");
    map("getClass()", "", "{a=1, b=2}");
    map("class", "", "{a=1, b=2}");
    number("1", "getClass()", "");
    check("$input.getClass()$util.getClass()$context.getClass()$input.class$util.class", "");
}

#[test]
fn lists() {
    list("size()", "3", "[a, b, a]");
    list("get(1)", "b", "[a, b, a]");
    list("isEmpty()", "false", "[a, b, a]");
    list("empty", "false", "[a, b, a]");
    list("contains('b')", "true", "[a, b, a]");
    list("contains('x')", "false", "[a, b, a]");
    list("containsAll(['a', 'b'])", "true", "[a, b, a]");
    list("containsAll(['a', 'x'])", "false", "[a, b, a]");
    list("indexOf('a')", "0", "[a, b, a]");
    list("lastIndexOf('a')", "2", "[a, b, a]");
    list("indexOf('x')", "-1", "[a, b, a]");
    list("add('c')", "true", "[a, b, a, c]");
    list("add(0, 'c')", "", "[c, a, b, a]");
    list("addAll(['c', 'd'])", "true", "[a, b, a, c, d]");
    list("addAll([])", "false", "[a, b, a]");
    list("set(1, 'x')", "b", "[a, x, a]");
    list("remove(0)", "a", "[b, a]");
    list("remove('a')", "true", "[b, a]");
    list("remove('x')", "false", "[a, b, a]");
    list("clear()", "", "[]");
    list("subList(1, 3)", "[b, a]", "[a, b, a]");
    list("equals(['a', 'b', 'a'])", "true", "[a, b, a]");
    list("toString()", "[a, b, a]", "[a, b, a]");
    list("addAll($l)", "true", "[a, b, a, a, b, a]");
    check("#set($l = [1, 2])$l.contains(1)$l.contains('1')", "truefalse");
    check_render_error("#set($l = [])$l.get(0)", 1, 14, "index 0 is out of bounds for length 0");
    check_render_error("#set($l = [])$l.remove(0)", 1, 14, "out of bounds");
    check_render_error("#set($l = [])$l.add(1, 'x')", 1, 14, "out of bounds");
    check_render_error("#set($l = [1])$l.subList(1, 0)", 1, 15, "out of bounds");
}

#[test]
fn maps() {
    map("get('a')", "1", "{a=1, b=2}");
    map("a", "1", "{a=1, b=2}");
    map("get('x')", "", "{a=1, b=2}");
    map("getOrDefault('x', 9)", "9", "{a=1, b=2}");
    map("containsKey('a')", "true", "{a=1, b=2}");
    map("containsKey('x')", "false", "{a=1, b=2}");
    map("containsValue(2)", "true", "{a=1, b=2}");
    map("containsValue(3)", "false", "{a=1, b=2}");
    map("put('a', 3)", "1", "{a=3, b=2}");
    map("put('c', 3)", "", "{a=1, b=2, c=3}");
    map("putIfAbsent('a', 3)", "1", "{a=1, b=2}");
    map("putIfAbsent('c', 3)", "", "{a=1, b=2, c=3}");
    map("putAll({'b': 5, 'c': 6})", "", "{a=1, b=5, c=6}");
    map("remove('a')", "1", "{b=2}");
    map("remove('x')", "", "{a=1, b=2}");
    map("clear()", "", "{}");
    map("size()", "2", "{a=1, b=2}");
    map("isEmpty()", "false", "{a=1, b=2}");
    map("keySet()", "[a, b]", "{a=1, b=2}");
    map("values()", "[1, 2]", "{a=1, b=2}");
    map("entrySet()", "[a=1, b=2]", "{a=1, b=2}");
    map("equals({'b': 2, 'a': 1})", "true", "{a=1, b=2}");
    map("toString()", "{a=1, b=2}", "{a=1, b=2}");
    map("keySet().contains('a')", "true", "{a=1, b=2}");
    map("entrySet().get(1).getValue()", "2", "{a=1, b=2}");
    check("#set($m = {'size': 5, 'empty': 6})$m.size()$m.size$m.empty", "256");
}

#[test]
fn numbers() {
    number("5", "toString().length()", "1");
    number("5.7", "intValue()", "5");
    number("5", "doubleValue()", "5.0");
    number("5", "equals(5)", "true");
    number("5", "equals('5')", "false");
    number("5", "compareTo(6)", "-1");
    number("0", "parseInt('42')", "42");
    number("0", "parseInt('ff', 16)", "255");
    number("0.0", "parseDouble('1.5')", "1.5");
    number("0", "valueOf('7')", "7");
    number("0", "toString(7)", "7");
    number("0", "toHexString(255)", "ff");
    number("0", "max(3, 4)", "4");
    number("0", "min(3, 4)", "3");
    number("true", "booleanValue()", "true");
    number("true", "parseBoolean('TRUE')", "true");
    number("true", "toString()", "true");
}
