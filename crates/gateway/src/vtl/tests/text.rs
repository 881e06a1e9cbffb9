//! Text, comments, directives and the whitespace around them.

use super::*;

#[test]
fn plain_text_is_constant() {
    for (template, constant) in [
        ("", Some("")),
        ("{\"a\": 1}", Some("{\"a\": 1}")),
        ("a## comment\nb#* more *#c", Some("abc")),
        ("a $ b # c \\ d", Some("a $ b # c \\ d")),
        ("#[[ $x ]]#", Some(" $x ")),
        ("\\$x", Some("$x")),
        ("#macro(m)x#end", Some("")),
        ("$x", None),
        ("#set($x = 1)", None),
    ] {
        assert_eq!(Template::parse(template).unwrap().constant(), constant, "{template}");
    }
}

#[test]
fn what_only_looks_like_a_reference_is_text() {
    for text in [
        "$",
        "a$",
        "$ a",
        "$5.00",
        "$-a",
        "$!",
        "$! a",
        "${",
        "${}",
        "${ a}",
        "$!{",
        "$!{1}",
        "$.",
        "$[0]",
        "$$",
        "$é",
        "me@example.com",
        "$(a)",
    ] {
        check(text, text);
    }
}

#[test]
fn what_only_looks_like_a_directive_is_text() {
    for text in [
        "#",
        "a#",
        "# a",
        "#1",
        "#fff",
        "color: #13ff93;",
        "#notadirective",
        "#iffy",
        "#endless",
        "#elsewhere",
        "#setting(1)",
        "#set",
        "#set a",
        "#{",
        "#{}",
        "#{if",
        "#foreach",
        "#é",
        "<a href=\"#\">",
        "#evaluate(\"$x\")",
        "#parse('a')",
        "#include('a' , 'b')",
        "#thing ( $a 1 1.5 'x' word [1,2] {'a':1} true )",
        "#@",
        "#-",
    ] {
        check(text, text);
    }
}

#[test]
fn references_end_where_names_end() {
    check("#set($a = 1)$a.", "1.");
    check("#set($a = 1)$a.1", "1.1");
    check("#set($a = 1)$a._b", "1._b");
    check("#set($a = 1)$a!", "1!");
    check("#set($a = 1)$a()", "1()");
    check("#set($a = 1)$a$a", "11");
    check("#set($a = 1)$a#set($b = 2)$b", "12");
    check("#set($a = 1)$$a", "$1");
    check("#set($a = 1)#$a", "#1");
    check("#set($a = 1)$a}", "1}");
    check("#set($a = 1)${a}b", "1b");
    check("#set($a = 1)$!{a}b$!a", "1b1");
    check("#set($a = 1)${a}-b", "1-b");
    check("#set($a-b = 1)$a-b", "1");
    check("#set($_a1 = 1)$_a1", "1");
    check("#set($a = 'é')${a}é", "éé");
}

#[test]
fn nothing_renders_as_nothing() {
    for template in ["$foo", "$!foo", "${foo}", "$!{foo}", "$foo.bar", "$foo.bar('x')", "$foo[0].bar", "$foo.a().b().c"]
    {
        check(template, "");
    }
    check("<$foo.bar>", "<>");
}

#[test]
fn backslashes_escape_references() {
    check("#set($a = 1)\\$a", "$a");
    check("#set($a = 1)\\\\$a", "\\1");
    check("#set($a = 1)\\\\\\$a", "\\$a");
    check("#set($a = 1)\\\\\\\\$a", "\\\\1");
    check("\\${a.b('c')}", "${a.b('c')}");
    check("\\$!a", "$!a");
    check("\\$foo", "$foo");
    check("\\$ \\$5", "\\$ \\$5");
    check("a\\b \\\\ \\", "a\\b \\\\ \\");
}

#[test]
fn backslashes_escape_directives() {
    check("\\#if(true)", "#if(true)");
    check("\\#end", "#end");
    check("\\#{else}", "#{else}");
    check("\\#set($a = 1)", "#set( = 1)");
    check("\\\\#set($a = 1)$a", "\\\\1");
    check("\\\\#if(true)a#end", "\\a");
    check("\\\\\\#if", "\\#if");
    check("\\#unknown", "\\#unknown");
    check("\\# \\#1", "\\# \\#1");
    check("\\\\#unknown", "\\\\#unknown");
}

#[test]
fn comments_render_nothing() {
    check("a## b $c #if\nd", "ad");
    check("a## b", "a");
    check("a##\r\nb", "ab");
    check("a#* b\n$c #if *#d", "ad");
    check("a#** b **#c", "ac");
    check("a#**#b", "ab");
    check("a#* x *#\nb", "a\nb");
    check("a#* x", "a");
    check("a #[[$x #if ## #* \\$y]]# b", "a $x #if ## #* \\$y b");
}

#[test]
fn directives_take_the_rest_of_their_line() {
    check("#if(true)\na\n#end\nb", "a\nb");
    check("#if(true)  \r\na\r\n#end\t\r\nb", "a\r\nb");
    check("#if(true) a #end b", " a  b");
    check("#if(false)\na\n#else\nb\n#end\nc", "b\nc");
    check("  #if(true)\n  a\n  #end\nb", "    a\n  b");
    check("#foreach($i in [1..2])\n$i\n#end\nx", "1\n2\nx");
    check("#set($a = 1)\n\n$a", "\n1");
    check("#set($a = 1) $a", " 1");
    check("#define($d)\nx\n#end\n$d", "x\n");
}

#[test]
fn set_takes_the_blanks_before_it_at_the_start_of_a_text() {
    check("  #set($a = 1)\n  #set($b = 2)\n$a$b", "12");
    check("x\n  #set($a = 1)\ny", "x\n  y");
    check("#if(true)\n  #set($a = 1)\n#end\n$a", "1");
    check("## c\n  #set($a = 1)\n$a", "1");
    check("#set($a = 1)$a #set($b = 2)$b", "12");
    check("  #{set}( $a = 1)$a", "1");
    check("  #if(true)a#end", "  a");
}

#[test]
fn directives_have_bracketed_forms() {
    check("#{if}(true)a#{else}b#{end}c", "ac");
    check("#if(false)a#{elseif}(true)b#{else}c#{end}d", "bd");
    check("#{set}($a = 1)#{foreach}($x in [1])$x$a#{end}", "11");
    check("#if(true)true#{else}false#end", "true");
}

#[test]
fn directives_may_stand_off_their_parenthesis() {
    check("#if (true)a#elseif  (true)b#end", "a");
    check("#if\n(true)a#end", "a");
    check("#foreach\t($i in [1])$i#end", "1");
    check("#set ($a = 1)$a", "1");
    check("#set( \n$a\n=\n1\n)$a", "1");
}

#[test]
fn if_takes_the_first_branch_that_holds() {
    for (condition, branch) in [("1", "one"), ("2", "two"), ("3", "three"), ("4", "other")] {
        let template =
            format!("#set($n = {condition})#if($n == 1)one#elseif($n == 2)two#elseif($n == 3)three#else other#end");
        check(&template, if branch == "other" { " other" } else { branch });
    }
    check("#if(false)a#elseif(false)b#end", "");
    check("#if(true)#if(false)a#else b#end#else c#end", " b");
}

#[test]
fn foreach_goes_through_lists_maps_and_ranges() {
    check("#foreach($x in [1, 'a', true])$x,#end", "1,a,true,");
    check("#foreach($x in {'a': 1, 'b': 2})$x,#end", "1,2,");
    check("#foreach($x in [1..3])$x#end", "123");
    check("#foreach($x in [2..-1])$x,#end", "2,1,0,-1,");
    check("#set($n = 3)#foreach($x in [1..$n])$x#end", "123");
    check("#foreach($x in [])a#end", "");
    check("#foreach($x in $nothing)a#end", "");
    check("#foreach($x in 'text')a#end", "");
    check("#foreach($x in 5)a#end", "");
    check("#set($m = {'a': 1, 'b': 2})#foreach($e in $m.entrySet())$e.key=$e.value;$e.getKey()-#end", "a=1;a-b=2;b-");
    check("#set($m = {'a': 1, 'b': 2})#foreach($k in $m.keySet())$k$m.get($k) #end", "a1 b2 ");
    check("#foreach($tag in $input.path('$.tags'))$tag.toUpperCase()#end", "XY");
    check("#foreach($x in [1,2])#foreach($y in ['a','b'])$x$y #end#end", "1a 1b 2a 2b ");
}

#[test]
fn foreach_knows_where_it_is() {
    check("#foreach($x in ['a','b','c'])$x#if($foreach.hasNext),#end#end", "a,b,c");
    check("#foreach($x in ['a','b'])$foreach.index$foreach.count #end", "01 12 ");
    check("#foreach($x in ['a','b'])$foreach.first$foreach.last #end", "truefalse falsetrue ");
    check("#foreach($x in ['a','b'])$velocityCount#if($velocityHasNext),#end#end", "1,2");
    check("#foreach($x in [1,2])#foreach($y in [1,2])$foreach.parent.index$foreach.index #end#end", "00 01 10 11 ");
    check("#foreach($x in [1])#foreach($y in [1])#foreach($z in [1])$foreach.topmost.count#end#end#end", "1");
    check("#foreach($x in [1])$foreach.hasNext()$foreach.getIndex()#end", "false0");
    check("$foreach.index$velocityCount", "");
    check("#foreach($x in [1])#end$foreach.index", "");
    check("#set($foreach = 'mine')#foreach($x in [1])$foreach#end", "mine");
}

#[test]
fn the_loop_variable_ends_with_the_loop() {
    check("#foreach($x in [1,2])$x#end$x", "12");
    check("#set($x = 9)#foreach($x in [1,2])#set($x = 5)$x#end$x", "559");
    check("#set($y = 0)#foreach($x in [1,2])#set($y = $x)#end$y", "2");
}

#[test]
fn break_and_stop_end_what_they_stand_in() {
    check("#foreach($x in [1..5])#if($x == 3)#break#end$x#end!", "12!");
    check("#foreach($x in [1,2])#foreach($y in [1,2])#break#end$x#end", "12");
    check("#foreach($x in [1,2])#foreach($y in [1,2])$y#break($foreach.parent)#end$x#end!", "1!");
    check_render_error("#foreach($x in [1])\n #break('x')#end", 2, 2, "no scope");
    check("#foreach($x in [1..5])#if($x == 3)#stop#end$x#end!", "12");
    check("#foreach($x in [1..5])$x#break($foreach)#end!", "1!");
    check("a#stop b", "a");
    check("a#break b", "a");
    check("#define($d)x#break y#end$d$d", "xx");
}

#[test]
fn define_renders_anew_each_time() {
    check("#define($hello)hi $name#end#set($name = 'a')$hello #set($name = 'b')$hello", "hi ahi b");
    check("#define($d)hi#end$d()$d()", "hi()hi()");
    check("#define($i)$foreach.index#end#foreach($x in [1,2,3])$i#end", "012");
    check("#define($d)x#end\"$d\"#set($e = \"<$d>\")$e", "\"x\"<x>");
    check("#define($d)ab#end$d.length()|$d.toString()", "|ab");
    check("#define($d)a#end#set($d = 'b')$d", "b");
}

#[test]
fn macros_are_parsed_and_ignored() {
    check("#macro(m $a)$a#end#m('x')", "#m('x')");
    check("#macro( m )#if(true)x#end#end\n#m()", "#m()");
    check("#m( )\nx", "#m( )\nx");
}

#[test]
fn says_what_is_missing_and_where() {
    check_parse_error("a\n #if(true)b", 2, 12, "`#end` for the `#if` of line 2, column 2");
    check_parse_error("#foreach($x in [1])", 1, 20, "`#end` for the `#foreach`");
    check_parse_error("#if(true)#foreach($x in [1])#end", 1, 33, "`#end` for the `#if` of line 1, column 1");
    check_parse_error("#end", 1, 1, "a directive that `#end` belongs to");
    check_parse_error("x\n#else", 2, 1, "a directive that `#else` belongs to");
    check_parse_error("#foreach($x in [1])#else#end", 1, 20, "`#end` for the `#foreach`");
    check_parse_error("#if(true)#else#else#end", 1, 15, "`#end` for the `#else` before `#else`");
    check_parse_error("#if(true)#else#elseif(true)#end", 1, 15, "`#end` for the `#else` before `#elseif`");
    check_parse_error("#if(true)#else ", 1, 16, "`#end` for the `#else` of line 1, column 10");
    check_parse_error("#if true", 1, 5, "`(` and a condition");
    check_parse_error("#if()a#end", 1, 5, "a reference");
    check_parse_error("#if(true", 1, 9, "`)`");
    check_parse_error("#set(a = 1)", 1, 6, "a reference to set");
    check_parse_error("#set($a 1)", 1, 9, "`=`");
    check_parse_error("#set($a == 1)", 1, 9, "`=`");
    check_parse_error("#set($a = )", 1, 11, "a reference");
    check_parse_error("#set($a = 1", 1, 12, "`)`");
    check_parse_error("#foreach(x in [1])#end", 1, 10, "the loop's variable");
    check_parse_error("#foreach($x)#end", 1, 12, "`in`");
    check_parse_error("#foreach($x in $a + 1)#end", 1, 19, "`)`");
    check_parse_error("#define(x)#end", 1, 9, "a variable");
    check_parse_error("#macro m", 1, 8, "`(` and the macro's name");
    check_parse_error("${a", 1, 4, "`}`");
    check_parse_error("${a b}", 1, 4, "`}`");
    check_parse_error("${a|'b'}", 1, 4, "`}`");
    check_parse_error("$a[b]", 1, 4, "as index");
    check_parse_error("$a[]", 1, 4, "as index");
    check_parse_error("$a[0", 1, 5, "`]`");
    check_parse_error("$a[1.5]", 1, 4, "as index");
    check_parse_error("$a.b(", 1, 6, "a reference");
    check_parse_error("$a.b('x'", 1, 9, "`)`");
    check_parse_error("$a.b(1 + 2)", 1, 8, "no operators in arguments");
    check_parse_error("$a.b(,)", 1, 6, "a reference");
    check_parse_error("é #[[ a", 1, 3, "`]]#` for this `#[[`");
    check_parse_error("#thing(a", 1, 9, "a reference");
    check_parse_error("#set($a = \"x)", 1, 11, "a string that ends");
    check_parse_error("#set($a = \"${b\")", 1, 11, "`}`");
}

#[test]
fn a_template_has_at_most_300_kilobytes() {
    let largest = "a".repeat(claviger_resources::limits::TEMPLATE_BYTES_MAX);
    assert!(Template::parse(&largest).is_ok());
    check_parse_error(&format!("{largest}a"), 1, 1, "at most 307200 bytes");
}
