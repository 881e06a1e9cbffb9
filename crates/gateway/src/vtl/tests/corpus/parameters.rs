//! `$input.params`.

use super::Group;

pub(super) const GROUPS: &[Group] = &[Group {
    source: r#"API Gateway guide, "Variables for data transformations", "$input variables""#,
    cases: &[
        ("$input.params('id')|$input.params('q')|$input.params('X-Thing')|$input.params('none')|", "42|a b|h||"),
        ("$input.params('both')", "path"),
        ("$input.params().path.id $input.params().querystring.page $input.params().header.X-Thing", "42 2 h"),
        ("$input.params().path.both$input.params().querystring.both$input.params().header.both", "pathqueryheader"),
        (
            "$input.params().path.get('id')$input.params().header.get('X-Thing')$input.params().querystring['q']",
            "42ha b",
        ),
        ("$input.params().keySet()", "[path, querystring, header]"),
        (
            "#foreach($type in $input.params().keySet())$type:#foreach($n in $input.params().get($type).keySet())$n #end;#end",
            "path:id both ;querystring:page both q ;header:X-Thing both Accept ;",
        ),
        (
            r##"#set($params = $input.params().get('path'))#foreach($n in $params.keySet())"$n": "$params.get($n)"#if($foreach.hasNext),#end#end"##,
            r#""id": "42","both": "path""#,
        ),
        ("$input.params('x-thing')|$input.params().header.get('ACCEPT')", "h|text/html"),
        ("#if($input.params('q') == 'a b')yes#end#if($input.params('none') == '')empty#end", "yesempty"),
        (
            "#if($input.params().header.containsKey('X-Thing'))has#end#if($input.params().path.containsKey('nope'))has#end",
            "has",
        ),
        ("#set($page = $input.params('page'))#if($page)$page#{else}1#end", "2"),
        ("$input.params('id').length() $input.params('q').replaceAll(' ', '+')", "2 a+b"),
        ("$input.params().header('X-Thing')|$input.params().path('id')", "h|42"),
        ("${input.params('id')}x$!{input.params('none')}y", "42xy"),
        (r#"#set($name = 'id')$input.params($name)$input.params("$name")"#, "4242"),
    ],
    ..Group::OF_EXAMPLE
}];
