//! Notations of references, properties, indexes and methods.

use super::Group;

pub(super) const GROUPS: &[Group] = &[
    Group {
        source: r#"Velocity 1.7 user guide, "Variables""#,
        cases: &[
            ("#set($mudSlinger = 'mud')$mudSlinger-$mudSlinger_1 ${mudSlinger}_1", " mud_1"),
            ("#set($a1 = 1)#set($a_1 = 2)#set($a-1 = 3)$a1 $a_1 $a-1", "1 2 3"),
            ("#set($a = 'x')$A$a", "x"),
            ("#set($foo = 'gibbous')$foo\n$foo\n", "gibbous\ngibbous\n"),
            ("#set($x = 'v')$x/$x?$x=$x&$x;$x:$x,$x", "v/v?v=v&v;v:v,v"),
            ("#set($x = 'v')[$x]($x){$x}<$x>|$x|", "[v](v){v}<v>|v|"),
            (r#"#set($x = 'v')"$x" '$x' `$x`"#, r#""v" 'v' `v`"#),
            (r#"$1 $_ $- $. $( $) $[0] $""#, r#"$1  $- $. $( $) $[0] $""#),
            ("#set($_ = 1)$_", "1"),
            ("#set($a = 1)$a$ $a", "1$ 1"),
            ("#set($x = 'v')x$x$x.x", "xv"),
            ("#set($x = 'v')$x..$x...", "v..v..."),
            ("#set($x = 'v')$x.", "v."),
            ("#set($x = 'v')$x.\n$x.length()\n", "v.\n1\n"),
            ("#set($x = 'v')${x}.length()", "v.length()"),
            ("#set($x = 'v')$x.length", ""),
            ("#set($x = 'v')$x .length()", "v .length()"),
            ("#set($x = 'v')$x-1 ${x}-1", " v-1"),
        ],
        refused: &[("#set($é = 1)$é", "expected a reference to set, as in `#set($name = …)`")],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: r#"Velocity 1.7 user guide, "Formal Reference Notation""#,
        cases: &[
            ("#set($vice = 'sword')Jack is a ${vice}maniac.", "Jack is a swordmaniac."),
            ("#set($s = 'ab')${s.length()}${s.length()}", "22"),
            ("#set($s = 'ab')${s}${s.toUpperCase()}x", "abABx"),
            ("#set($m = {'a': {'b': 1}})${m.a.b}c", "1c"),
            ("#set($l = [1, 2])${l[0]}${l.get(1)}", "12"),
            ("#set($a = 1)$ {a} ${ a}", "$ {a} ${ a}"),
            ("#set($a = 1){$a} ${a}} {${a}", "{1} 1} {1"),
            ("${}", "${}"),
            ("${1}", "${1}"),
        ],
        refused: &[
            ("${a", "expected `}` for `${`"),
            ("#set($a = 1)${a.}", "expected `}` for `${`"),
            ("${a b}", "expected `}` for `${`"),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: r#"Velocity 1.7 user guide, "Quiet Reference Notation""#,
        cases: &[
            ("#set($a = 1)$!a$!{a}$!a.b", "11"),
            ("$!none|$!{none}|$!none.x|$!{none.x()}", "|||"),
            (
                r#"#set($s = 'q')<input value="$!s"/><input value="$!{none}"/>"#,
                r#"<input value="q"/><input value=""/>"#,
            ),
            ("#set($l = [1])$!l[0]$!{l[0]}", "11"),
        ],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: r#"Velocity 1.7 user guide, "Properties", "Index notation""#,
        cases: &[
            ("#set($m = {'Address': 'x', 'address': 'y'})$m.Address $m.address $m.ADDRESS", "x y "),
            ("#set($m = {'k': 'v'})$m.k $m.get('k') $m['k'] ${m.k} ${m['k']}", "v v v v v"),
            ("#set($m = {'k': [10, {'x': 'y'}]})$m.k[1].x $m['k'][0] $m.k.get(1)['x']", "y 10 y"),
            ("#set($m = {'a-b': 1, 'c d': 2})$m.a-b $m['c d']", "1 2"),
            ("#set($l = [[1, 2], [3, 4]])$l[0][1] $l[1].get(0) $l.get(1)[1]", "2 3 4"),
            ("#set($l = [5, 6, 7])#set($i = 2)$l[$i] $l[-1] $l[-3]", "7 7 5"),
            ("#set($l = [5, 6])$l[ 0 ]$l[\n1 ]", "56"),
            ("#set($i = {'j': 1})#set($l = [5, 6])$l[$i.j]", "6"),
            ("#set($l = [0, 1])$l[$l[1]]", "1"),
            (r#"#set($m = {'k': 'v'})#set($key = 'k')$m[$key]$m["$key"]$m.get($key)$m.get("${key}")"#, "vvvv"),
            ("#set($m = {'1': 'one'})$m['1']", "one"),
            ("#set($s = 'abc')$s[0]", ""),
            ("#set($l = [1])$l [0]", "[1] [0]"),
            ("#set($s = '')$s.empty $s.isEmpty()", "true true"),
            ("#set($l = [])$l.empty $l.isEmpty()", "true true"),
            ("#set($m = {})$m.empty", ""),
            ("#set($m = {'empty': 1})$m.empty $m.isEmpty()", "1 false"),
            ("#set($m = {'size': 3})$m.size $m.size()", "3 1"),
            ("#set($n = 5)$n.foo $n", " 5"),
        ],
        refused: &[("#set($a = 1)$a[", "expected a string, an integer, `true`, `false` or a reference as index")],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: r#"Velocity 1.7 user guide, "Methods""#,
        cases: &[
            ("#set($s = 'Hello')$s.substring(1, 3).toUpperCase().length()", "2"),
            ("#set($s = 'Hello')$s.substring( 1 , 3 )", "el"),
            ("#set($s = 'Hello')$s.substring(\n1\n)", "ello"),
            (r#"#set($s = 'abc')$s.indexOf("b")$s.indexOf('z')"#, "1-1"),
            ("#set($l = [1, 2, 3])$l.contains(2)$l.contains(9)$l.contains('2')", "truefalsefalse"),
            ("#set($s = 'x')$s.concat($s.concat($s))", "xxx"),
            (r#"#set($s = 'x')$s.concat("$s$s")"#, "xxx"),
            ("#set($s = 'abc')$s.length().toString().length()", "1"),
            ("#set($s = 'abc')$s.length() ()", "3 ()"),
            ("#set($s = 'abc')$s. length()", "abc. length()"),
            ("#set($s = 'abc')$s.length ()", " ()"),
            ("#set($s = 'abc')$s.replace('b', [1])", ""),
            ("#set($s = 'abc')$s.equals('abc')$s.equals(1)", "truefalse"),
            ("#set($m = {'f': 'g'})$m.put('f', 'h')$m.f$m.put('n', 1)|$m.n", "gh|1"),
            ("#set($l = [])$l.add('x')$l.add(0, 'y')$l", "true[y, x]"),
            ("#set($l = [1, 2])#set($void = $l.add(3))$l $void", "[1, 2, 3] true"),
            ("#set($m = {'name': 'n'})$m.name(admin)|${m.name}(admin)", "|n(admin)"),
            ("#set($m = {})$!m.put('k', a-word)$m.containsKey('k')", "true"),
            ("#set($s = 'a')$s.equals(null)$s.equals(not)", "falsefalse"),
        ],
        refused: &[(
            "#set($s = 'a')$s.concat({'k': 'v'}.toString())",
            "expected `,` or `)`; Velocity takes no operators in arguments: `#set` a variable first",
        )],
        ..Group::OF_EXAMPLE
    },
    Group {
        source: r#"Velocity 1.7 VTL reference, "References""#,
        differs: "Velocity 1.7's lexer refuses a text that ends so",
        cases: &[("#set($a = 1)$$$a$$", "$$1$$"), ("#set($price = 5)costs $price$", "costs 5$")],
        ..Group::OF_EXAMPLE
    },
];
