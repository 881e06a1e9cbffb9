//! Methods of texts.

use super::Group;

pub(super) const GROUPS: &[Group] = &[Group {
    source: r#"Java's String, by Velocity 1.7 user guide, "Methods""#,
    cases: &[
        ("#set($s = 'Hello World')$s.length() $s.toUpperCase() $s.toLowerCase()", "11 HELLO WORLD hello world"),
        ("#set($s = '  x y  ')<$s.trim()>", "<x y>"),
        ("#set($s = 'hello')$s.substring(2) $s.substring(1, 3) <$s.substring(5)>", "llo el <>"),
        ("#set($s = 'hello')$s.charAt(0)$s.charAt(4)", "ho"),
        ("#set($s = 'hello')$s.indexOf('l')$s.indexOf('l', 3)$s.lastIndexOf('l')$s.indexOf('')", "2330"),
        (
            "#set($s = 'hello')$s.contains('ell')$s.startsWith('he')$s.endsWith('lo')$s.startsWith('l', 2)",
            "truetruetruetrue",
        ),
        (
            r"#set($s = 'a.b.c')$s.replace('.', '-') $s.replaceAll('.', '-') $s.replaceAll('\.', '-')",
            "a-b-c ----- a-b-c",
        ),
        ("#set($s = 'aaa')$s.replaceFirst('a', 'b') $s.replaceAll('a+', 'b') $s.replace('aa', 'b')", "baa b ba"),
        (r"#set($s = 'x1y22')$s.replaceAll('[0-9]+', '#') $s.replaceAll('(\d)', '<$1>')", "x#y# x<1>y<2><2>"),
        (r"#set($s = 'john smith')$s.replaceAll('(\w+) (\w+)', '$2 $1')", "smith john"),
        ("#set($s = 'a,b,,c,,')$s.split(',').size() $s.split(',', 2).get(1) $s.split(',', -1).size()", "4 b,,c,, 6"),
        (r"#set($s = 'a1b2c')#foreach($p in $s.split('\d'))$p;#end", "a;b;c;"),
        ("#set($s = '')$s.split(',').size()", "1"),
        ("#set($s = 'abc')$s.matches('a.c')$s.matches('a')$s.matches('[a-c]+')", "truefalsetrue"),
        (
            "#set($s = 'abc')$s.equals('abc')$s.equalsIgnoreCase('ABC')$s.compareTo('abd')$s.compareToIgnoreCase('ABC')",
            "truetrue-10",
        ),
        ("#set($s = '')$s.isEmpty()$s.length()", "true0"),
        ("#set($s = 'ab')$s.concat('cd').concat('ef')", "abcdef"),
        ("#set($s = 'b')$s.valueOf(5)$s.valueOf(true)$s.valueOf(1.5)", "5true1.5"),
        ("#set($s = '')$s.format('%s-%d', 'a', 5)", "a-5"),
        ("#set($s = '')$s.format('%05d|%5s|%-5s|%.2f', 42, 'a', 'b', 1.005)", "00042|    a|b    |1.01"),
        ("#set($s = 'é€😀')$s.length() $s.substring(0, 1) $s.toUpperCase()", "4 é É€😀"),
        ("#set($s = 'a\tb')$s.length()", "3"),
        (r#"#set($s = "a\nb")$s.length() $s"#, r"4 a\nb"),
        (r#"#set($s = "\u0041\u00e9")$s"#, "Aé"),
        (r#"#set($s = 'a"b')$s #set($t = "a'b")$t"#, r#"a"ba'b"#),
        ("#set($s = 'abc')$s.toCharArray().size()", "3"),
        ("#set($s = 'abcabc')$s.indexOf('c', 3)$s.lastIndexOf('a', 2)$s.indexOf(98)", "501"),
        ("#set($s = 'ABC')$s.toLowerCase().equals('abc')", "true"),
        ("#set($s = 'camelCaseText')$s.replaceAll('([A-Z])', '_$1').toLowerCase()", "camel_case_text"),
        ("#set($s = 'k=v&l=w')#foreach($p in $s.split('&'))#set($kv = $p.split('='))$kv[0]:$kv[1] #end", "k:v l:w "),
    ],
    refused: &[
        ("#set($s = 'hello')$s.substring(9)", "line 1, column 19: `substring`: index 9 is out of bounds for length 6"),
        (
            "#set($s = 'hello')$s.substring(3, 1)",
            "line 1, column 19: `substring`: index 3 is out of bounds for length 2",
        ),
        ("#set($s = 'hello')$s.charAt(5)", "line 1, column 19: `charAt`: index 5 is out of bounds for length 5"),
    ],
    ..Group::OF_EXAMPLE
}];
