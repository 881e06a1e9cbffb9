//! Numbers and arithmetic.

use super::Group;

pub(super) const GROUPS: &[Group] = &[
    Group {
        source: r#"Velocity 1.7 user guide, "Math""#,
        cases: &[
            (
                "#set($a = 7)#set($b = $a + 3)#set($c = $a - 4)#set($d = $a * 6)#set($e = $a / 2)$b $c $d $e",
                "10 3 42 3",
            ),
            ("#set($a = 10)#set($b = $a % 3)$b", "1"),
            ("#set($a = -7 / 2)#set($b = -7 % 3)#set($c = 7 / -2)#set($d = 7 % -3)$a $b $c $d", "-3 -1 -3 1"),
            ("#set($a = 2 + 3 * 4 - 6 / 2)$a", "11"),
            ("#set($a = (2 + 3) * (4 - 6) / 2)$a", "-5"),
            ("#set($a = 10 - 3 - 2)#set($b = 100 / 5 / 2)#set($c = 17 % 10 % 4)$a $b $c", "5 10 3"),
            ("#set($a = 1 + 2)#set($a = $a + $a)$a", "6"),
            ("#set($a = 1.5 + 2)#set($b = 1.5 * 2)#set($c = 7 / 2.0)#set($d = 7.5 % 2)$a $b $c $d", "3.5 3.0 3.5 1.5"),
            ("#set($a = 0.1 + 0.2)$a", "0.30000000000000004"),
            (
                "#set($a = 1.0)#set($b = 100.0)#set($c = 1e3)#set($d = 1.5E-5)#set($e = 123456789.0)$a $b $c $d $e",
                "1.0 100.0 1000.0 1.5E-5 1.23456789E8",
            ),
            ("#set($a = .5)#set($b = 5.)$a $b", "0.5 5.0"),
            (
                "#set($a = 0.001)#set($b = 0.0001)#set($c = 9999999.0)#set($d = 10000000.0)$a $b $c $d",
                "0.001 1.0E-4 9999999.0 1.0E7",
            ),
            ("#set($a = 1 / 0)$!a|", "|"),
            ("#set($a = 'k')#set($a = 1 / 0)$a", "k"),
            ("#set($a = 'k')#set($a = 1 % 0)$a", "k"),
            ("#set($a = 3 - 1)$a", "2"),
            ("#set($a = 3- 1)$a", "2"),
            ("#set($n = 3)#set($a = $n-1)$!a|", "|"),
            ("#set($n = 3)#set($a = $n - 1)$a", "2"),
            ("#set($n = 3)#set($a = 0 - $n)$a", "-3"),
            ("#set($a = 5+4)#set($b = 5*4)#set($c = 8/4)#set($d = 8%5)$a $b $c $d", "9 20 2 3"),
            ("#set($a = 007)$a", "7"),
            ("#set($a = 2147483647 * 2)$a", "4294967294"),
            ("#set($a = 'k')#set($a = 'x' * 2)$a", "k"),
            ("#set($a = 'k')#set($a = 'x' - 'y')$a", "k"),
            ("#set($a = 'k')#set($a = 5 - '3')$a", "k"),
            ("#set($a = 'k')#set($a = [1] + [2])$a", "k"),
            ("#set($a = 'k')#set($a = true + true)$a", "k"),
            ("#set($a = 5 + 'a')#set($b = 'a' + 5)#set($c = 'a' + 'b')$a $b $c", "5a a5 ab"),
            ("#set($a = 1 + 2 + 'a' + 1 + 2)$a", "3a12"),
            ("#set($a = 'a' + true)#set($b = 'a' + [1])#set($c = 'a' + {'k': 1})$a $b $c", "atrue a[1] a{k=1}"),
            ("#set($a = 'a' + 1.0)$a", "a1.0"),
            ("#set($a = 2 * 3 + 'x')$a", "6x"),
            ("#set($a = 'x' + 2 * 3)$a", "x6"),
            ("#set($l = [1, 2])#set($a = $l.size() + $l.get(0) * $l[1])$a", "4"),
            ("#set($a = ((((1)))))$a", "1"),
            ("#set($n = 7)#set($h = $n / 2 * 2)#if($h == $n)even#{else}odd#end", "odd"),
        ],
        refused: &[
            ("#set($a = 3-1)$a", "expected an operator; a minus before a digit makes a number, so write `- 1`"),
            ("#set($a = 3 -1)$a", "expected an operator; a minus before a digit makes a number, so write `- 1`"),
            (
                "#set($n = 3)#set($a = $n -1)$!a|",
                "expected an operator; a minus before a digit makes a number, so write `- 1`",
            ),
            (
                "#set($n = 3)#set($a = ${n}-1)$a",
                "expected an operator; a minus before a digit makes a number, so write `- 1`",
            ),
            (
                "#set($n = 3)#set($a = -$n)$a",
                "expected a reference, a string, a number, `true`, `false`, `[`, `{`, `(` or `!`",
            ),
            ("#set($a = +5)$a", "expected a reference, a string, a number, `true`, `false`, `[`, `{`, `(` or `!`"),
            ("#set($a = (1)$a", "expected an operator or `)`"),
            ("#set($a = 1 ++ 2)$a", "expected a reference, a string, a number, `true`, `false`, `[`, `{`, `(` or `!`"),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: r#"Java's Number, by Velocity 1.7 user guide, "Methods""#,
        cases: &[
            ("#set($n = 42)$n.toString().length() $n.intValue() $n.doubleValue() $n.longValue()", "2 42 42.0 42"),
            ("#set($n = 1.75)$n.intValue() $n.toString()", "1 1.75"),
            ("#set($n = 5)$n.compareTo(3)$n.compareTo(5)$n.equals(5)$n.equals('5')", "10truefalse"),
            ("#set($n = 0)$n.parseInt('17') $n.valueOf('8')", "17 8"),
            ("#set($n = 0)#set($x = $n.parseInt('17') + 1)$x", "18"),
            ("#set($n = 0.0)$n.parseDouble('2.5') $n.isNaN()", "2.5 false"),
            ("#set($n = 0)$n.toHexString(255) $n.toBinaryString(5) $n.max(3, 4) $n.min(3, 4)", "ff 101 4 3"),
            ("#set($n = 255)$n.toString(16)", "16"),
            ("#set($b = true)$b.toString().length() $b.equals(true) $b.booleanValue()", "4 true true"),
            ("#set($b = true)$b.parseBoolean('TRUE') $b.parseBoolean('no')", "true false"),
            ("#set($n = 5)$n.nosuch()$n.length()", ""),
            ("#set($n = 1.0)$n.equals(1) $n.compareTo(2.0)", "false -1"),
        ],
        refused: &[("#set($n = 0)$n.parseInt('x')", "line 1, column 13: `parseInt`: the text is not a number")],
        ..Group::OF_EXAMPLE
    },
];
