//! What calls to API Gateway itself have shown, where Velocity's documentation would have one expect something else.

use super::*;

#[test]
fn a_reference_that_leads_nowhere_is_the_empty_text() {
    check("Hello $name", "Hello ");
    check("Hello $!name", "Hello ");
    check("#set($user = {'items': '1'}) $user.name ", "  ");
    check("#if($undefined)true#{else}false#end", "true");
    check("#if(!$undefined)yes#end", "");
    check("#if($undefined.a.b)yes#end", "yes");
    check("#set($m = {})#set($i = $m.put('k', null))#if(\"$m.k\" == \"\")none#{else}some#end", "none");
}

#[test]
fn whitespace_at_both_ends_stays() {
    check("Hello $ ", "Hello $ ");
    check("\n a \n", "\n a \n");
}

#[test]
fn only_macros_and_evaluate_are_switched_off() {
    check("\n#macro(blah)x#end\n#blah()", "\n#blah()");
    check("\n#set($s = 'abc')\n#evaluate($s)", "\n#evaluate($s)");
    check("#return($v1)", "#return($v1)");
    check("#define($hello)hi#end$hello()", "hi()");
    check("hello #stop world", "hello ");
}

#[test]
fn escapes_follow_the_velocity_guide() {
    let template = "\n#set( $email = \"foo\" )\n$email\n\\$email\n\\\\$email\n\\\n\\\\ \\# \\$\n\\#end\n\\# end\n\\#set( $email = \"foo\" )\n";
    check(template, "\nfoo\n$email\n\\foo\n\\\n\\\\ \\# \\$\n#end\n\\# end\n#set( foo = \"foo\" )\n");
}

#[test]
fn strings_keep_their_backslashes() {
    check("#set($n = \"\\\\batman\\nand robin\")$n", "\\\\batman\\nand robin");
    check("#set($d = \"{\"\"a\"\": 2}\")$d", "{\"a\": 2}");
    check("#set($d = '{\"a\": 2}')$d", "{\"a\": 2}");
}

#[test]
fn set_keeps_the_indent_that_ends_a_text() {
    let template = "\n        #set( $o = {\n          \"a\": \"1\"\n        } )\n        {\"a\": \"$o.a\"}";
    check(template, "\n                {\"a\": \"1\"}");
}

#[test]
fn a_block_comment_leaves_its_line_end() {
    check("Stuff#*\n more comments *#\n and more stuff", "Stuff\n and more stuff");
    check("## comment\nStuff\nMore stuff## more comments $blah", "Stuff\nMore stuff");
}

#[test]
fn lists_and_maps_show_as_java() {
    check("#set($a = ['one', 'two'])#set($a[1] = 'foo')$a", "[one, foo]");
    check("#set($m = {'k1': 'v1', 'k2': 'v2'})$m.toString()", "{k1=v1, k2=v2}");
    check("#set($m = {'k': 'initial'})#set($i = $m.put('k', 'new'))$i - $m.k", "initial - new");
}
